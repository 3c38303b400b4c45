{
  description = "A Django REST API whose whole stack runs natively: its toolchain, its wrapper, and itself as a template";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      versions = builtins.fromTOML (builtins.readFile ./versions.toml);
      # Macs with an Intel processor are not among them: nixpkgs drops them after 26.05, and uv.lock lacks a wheel for them.
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "aarch64-darwin"
      ];
      forAll = f: lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});
      toolchainOf = pkgs: self.packages.${pkgs.stdenv.hostPlatform.system}.toolchain;
      isLinux = pkgs: pkgs.stdenv.hostPlatform.isLinux;
      undotted = builtins.replaceStrings [ "." ] [ "" ];

      # Postgres looks for share/ and lib/ beside the path by which it was called, and follows no link to
      # find that path (nixpkgs' patch relative-to-symlinks). A link to the program alone does not start;
      # a link to the whole package does.
      wholePostgres =
        pkgs:
        pkgs.runCommand "postgres" { } ''
          mkdir -p "$out/share"
          ln -s ${pkgs."postgresql_${versions.postgres}"} "$out/share/postgres"
        '';

      # Libraries that wheels expect on every Linux, and Nix keeps out of the way. A wheel that needs one
      # more (`just doctor` names it) gets a line here, and its directory in WHEEL_LIBRARIES below and in
      # .devcontainer/Dockerfile.
      wheelLibraries =
        pkgs:
        pkgs.runCommand "wheel-libraries" { } ''
          mkdir -p "$out/share/wheel-libraries"
          ln -s ${pkgs.stdenv.cc.cc.lib}/lib "$out/share/wheel-libraries/cc"
          ln -s ${pkgs.zlib}/lib "$out/share/wheel-libraries/zlib"
        '';

      # The linters for NixOS, which starts no foreign programs: elsewhere those of uv.lock run.
      linters =
        pkgs:
        pkgs.buildEnv {
          name = "linters";
          paths = [
            pkgs.ruff
            pkgs.shellcheck
            pkgs.hadolint
          ];
          pathsToLink = [ "/bin" ];
        };

      # What the recipes read. The dev container sets the same variables in its Dockerfile.
      variables =
        pkgs: toolchain:
        {
          POSTGRES_BIN = "${toolchain}/share/postgres/bin";
          REDIS_BIN = "${toolchain}/bin";
          UV_PYTHON = "${toolchain}/bin/python3";
          UV_PYTHON_DOWNLOADS = "never";
        }
        // lib.optionalAttrs (isLinux pkgs) {
          WHEEL_LIBRARIES = "${toolchain}/share/wheel-libraries/cc:${toolchain}/share/wheel-libraries/zlib";
        };
    in
    {
      packages = forAll (
        pkgs:
        rec {
          default = toolchain;
          toolchain = pkgs.buildEnv {
            name = "toolchain";
            paths = [
              pkgs."python${undotted versions.python}"
              pkgs.redis
              pkgs.uv
              pkgs.just
              (wholePostgres pkgs)
            ]
            ++ lib.optional (isLinux pkgs) (wheelLibraries pkgs);
            # Programs alone: with a lib/python3.13 in here Python would take this for its home.
            pathsToLink = [
              "/bin"
              "/share/postgres"
              "/share/wheel-libraries"
            ];
          };
        }
        // lib.optionalAttrs (isLinux pkgs) { linters = linters pkgs; }
      );

      # `nix run . -- up` in a checkout is `./just up`.
      apps = forAll (
        pkgs:
        let
          wrapper = pkgs.writeShellScriptBin "wrapper" ''
            directory=$PWD
            until [ -e "$directory/just" ] && [ -e "$directory/flake.nix" ]; do
              if [ -z "$directory" ]; then
                echo "There is no ./just in $PWD or above. Change to a checkout of the project, then: nix run . -- up" >&2
                exit 1
              fi
              directory=''${directory%/*}
            done
            # By sh: `nix flake init` copies no executable bits.
            exec sh "$directory/just" "$@"
          '';
        in
        {
          default = {
            type = "app";
            program = lib.getExe wrapper;
            meta.description = "The recipes of the checkout: nix run . -- up";
          };
        }
      );

      templates.default = {
        path = ./.;
        description = "A Django REST API with Postgres, Redis and Celery, all native processes of the checkout";
        welcomeText = ''
          Nix copies no executable bits into a new project, and without Git it would copy every file, secrets included, into its store, which everybody can read. So first:

          `chmod +x just manage.py .ci/run && git init && git add .`

          Then `./just up` starts everything, and `./just rename NAME` gives the project its name.
        '';
      };

      devShells = forAll (
        pkgs:
        let
          toolchain = toolchainOf pkgs;
        in
        {
          default = pkgs.mkShellNoCC (
            variables pkgs toolchain
            // {
              packages = [ toolchain ];
              shellHook = ''
                export PATH="$POSTGRES_BIN:$PATH"
                # Nix's temporary directory goes with this shell, the stack stays.
                rmdir "$NIX_BUILD_TOP" 2>/dev/null || true
                unset NIX_BUILD_TOP TMP TMPDIR TEMP TEMPDIR
                # With a date for reproducible builds Python reads every source again at every start.
                unset SOURCE_DATE_EPOCH
                case $- in *i*) echo "Python ${versions.python}, Postgres ${versions.postgres}, Redis ${versions.redis}: just up starts everything, just lists the rest" ;; esac
              ''
              # By the name of its derivation: so nobody but NixOS builds or downloads it.
              + lib.optionalString (isLinux pkgs) ''
                if [ -e /etc/NIXOS ]; then
                  export UV_NO_GROUP=linters
                  PATH="$(PATH="/run/current-system/sw/bin:$PATH" nix-store --quiet --realise ${builtins.unsafeDiscardOutputDependency (linters pkgs).drvPath})/bin:$PATH"
                fi
              '';
            }
          );
        }
      );

      # They start what was built: a program that tells its version may still not run.
      checks = forAll (
        pkgs:
        let
          toolchain = toolchainOf pkgs;
          environment = variables pkgs toolchain // {
            nativeBuildInputs = [ toolchain ];
          };
        in
        {
          toolchain = pkgs.runCommand "toolchain-check" environment ''
            expect() { # PATTERN PROGRAM: its version matches
              printed=$("$2" --version)
              echo "$printed" | grep -E "$1" || { echo "$2 is '$printed', expected $1" >&2; exit 1; }
            }
            expect '^Python ${versions.python}\.' "$UV_PYTHON"
            for program in postgres initdb psql pg_dump pg_restore; do
              expect ' \(PostgreSQL\) ${versions.postgres}\.' "$POSTGRES_BIN/$program"
            done
            expect '^Redis server v=${versions.redis}\.' "$REDIS_BIN/redis-server"
            expect '^redis-cli ${versions.redis}\.' "$REDIS_BIN/redis-cli"
            expect '[0-9]' uv
            printf '%s\n' 'just ${versions.minimum.just}' "$(just --version)" | sort --version-sort --check

            "$UV_PYTHON" -c 'import ctypes, sqlite3, ssl, zlib'

            directory=$(mktemp -d)
            if ! "$UV_PYTHON" -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$directory/probe"; then
              echo "This sandbox forbids sockets (macOS: NixOS/nix#12548), so Postgres and Redis were not started. To start them: nix build with --option sandbox false." >&2
              touch "$out"; exit
            fi
            fail() { echo "$1" >&2; cat "$directory/log" >&2; exit 1; }
            answers() { # PROGRAM...: within ten seconds
              for _ in $(seq 100); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done
              fail "no answer within 10 s: $*"
            }

            "$POSTGRES_BIN/initdb" --pgdata="$directory/data" --username=postgres --auth=trust --no-locale --encoding=UTF8 \
              --locale-provider=builtin --builtin-locale=C.UTF-8 >"$directory/log" 2>&1 || fail "initdb failed"
            "$POSTGRES_BIN/postgres" -D "$directory/data" -k "$directory" --listen-addresses= >"$directory/log" 2>&1 &
            postgres=$!
            answers "$POSTGRES_BIN/psql" -h "$directory" -U postgres -c "SELECT now() AT TIME ZONE 'Europe/Berlin'"
            kill -INT "$postgres"; wait "$postgres" || fail "postgres did not stop well"

            "$REDIS_BIN/redis-server" --port 0 --unixsocket "$directory/redis" --dir "$directory" >"$directory/log" 2>&1 &
            redis=$!
            answers "$REDIS_BIN/redis-cli" -s "$directory/redis" PING
            kill -TERM "$redis"; wait "$redis" || fail "redis-server did not stop well"
            touch "$out"
          '';
        }
        // lib.optionalAttrs (isLinux pkgs) {
          linters = pkgs.runCommand "linters-check" { nativeBuildInputs = [ (linters pkgs) ]; } ''
            for program in ruff shellcheck hadolint; do "$program" --version; done
            touch "$out"
          '';
        }
      );

      formatter = forAll (pkgs: pkgs.nixfmt-tree);
    };
}
