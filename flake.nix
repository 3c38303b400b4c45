{
  description = "The toolchain of a Django REST API whose whole stack runs natively";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      versions = builtins.fromTOML (builtins.readFile ./versions.toml);
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      forAll = f: lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});
      toolchainOf = pkgs: self.packages.${pkgs.stdenv.hostPlatform.system}.toolchain;
      # What wheels expect to find on every Linux, and Nix keeps out of the way.
      wheelLibraries =
        pkgs:
        pkgs.runCommand "wheel-libraries" { } ''
          mkdir -p "$out/share/wheel-libraries"
          ln -s ${pkgs.stdenv.cc.cc.lib}/lib "$out/share/wheel-libraries/cc"
          ln -s ${pkgs.zlib}/lib "$out/share/wheel-libraries/zlib"
        '';
      undotted = builtins.replaceStrings [ "." ] [ "" ];
    in
    {
      packages = forAll (pkgs: rec {
        default = toolchain;
        toolchain = pkgs.buildEnv {
          name = "toolchain";
          paths = [
            pkgs."python${undotted versions.python}"
            pkgs."postgresql_${versions.postgres}"
            pkgs.redis
            pkgs.uv
            pkgs.just
            pkgs.ruff
            pkgs.shellcheck
            pkgs.hadolint
          ]
          ++ lib.optional pkgs.stdenv.hostPlatform.isLinux (wheelLibraries pkgs);
          # Programs alone: with a lib/python3.13 in here Python would take this for its home.
          pathsToLink = [
            "/bin"
            "/share/wheel-libraries"
          ];
        };
      });

      # The dev container sets the same variables in its Dockerfile.
      devShells = forAll (
        pkgs:
        let
          toolchain = toolchainOf pkgs;
        in
        {
          default = pkgs.mkShellNoCC (
            {
              packages = [ toolchain ];
              POSTGRES_BIN = "${toolchain}/bin";
              REDIS_BIN = "${toolchain}/bin";
              UV_PYTHON = "${toolchain}/bin/python3";
              UV_PYTHON_DOWNLOADS = "never";
              shellHook = ''
                # Nix's temporary directory goes with this shell, the stack stays.
                rmdir "$NIX_BUILD_TOP" 2>/dev/null || true
                unset NIX_BUILD_TOP TMP TMPDIR TEMP TEMPDIR
                # With a date for reproducible builds Python reads every source again at every start.
                unset SOURCE_DATE_EPOCH
                # NixOS starts no foreign programs: there these linters stand in for those of uv.lock.
                [ ! -e /etc/NIXOS ] || export UV_NO_GROUP=linters
                case $- in *i*) echo "Python ${versions.python}, Postgres ${versions.postgres}, Redis ${versions.redis}: just up starts everything, just lists the rest" ;; esac
              '';
            }
            // lib.optionalAttrs pkgs.stdenv.hostPlatform.isLinux {
              WHEEL_LIBRARIES = "${toolchain}/share/wheel-libraries/cc:${toolchain}/share/wheel-libraries/zlib";
            }
          );
        }
      );

      checks = forAll (pkgs: {
        toolchain = pkgs.runCommand "toolchain-versions" { nativeBuildInputs = [ (toolchainOf pkgs) ]; } ''
          expect() { # PATTERN PROGRAM: its version matches
            printed=$("$2" --version)
            echo "$printed" | grep -E "$1" || { echo "$2 is '$printed', expected $1" >&2; exit 1; }
          }
          expect '^Python ${versions.python}\.' python${versions.python}
          for program in postgres initdb psql pg_dump pg_restore; do
            expect ' \(PostgreSQL\) ${versions.postgres}\.' "$program"
          done
          expect '^Redis server v=${versions.redis}\.' redis-server
          expect '^redis-cli ${versions.redis}\.' redis-cli
          printf '%s\n' 'just ${versions.minimum.just}' "$(just --version)" | sort --version-sort --check
          for program in uv ruff shellcheck hadolint; do
            expect '[0-9]' "$program"
          done
          touch "$out"
        '';
      });

      formatter = forAll (pkgs: pkgs.nixfmt-tree);
    };
}
