{
  description = "As much of nixpkgs as flake.nix names, to evaluate it without a network: nothing here can be built";

  outputs =
    { self }:
    let
      lib = {
        genAttrs = names: f: builtins.listToAttrs (map (name: { inherit name; value = f name; }) names);
        optional = condition: value: if condition then [ value ] else [ ];
        optionalAttrs = condition: value: if condition then value else { };
        optionalString = condition: value: if condition then value else "";
        getExe = package: "${package}/bin/${package.name}";
      };
      package =
        system: name: attributes:
        derivation (attributes // { inherit name system; builder = "/bin/sh"; });
      packagesOf =
        system:
        let
          isLinux = builtins.match ".*-linux" system != null;
          make = package system;
          named = builtins.listToAttrs (
            map (name: { inherit name; value = make name { }; }) [
              "just"
              "nixfmt-tree"
              "postgresql_18"
              "python313"
              "redis"
              "ruff"
              "shellcheck"
              "uv"
              "zlib"
            ]
          );
        in
        named
        // {
          # It brings 4.3 GiB there (NixOS/nixpkgs#318013).
          hadolint = if isLinux then make "hadolint" { } else throw "hadolint is evaluated for ${system}";
          stdenv = {
            hostPlatform = { inherit system isLinux; };
            cc.cc.lib = make "libraries" { };
          };
          buildEnv = { name, paths, pathsToLink }: make name { inherit paths pathsToLink; };
          runCommand = name: attributes: script: make name (attributes // { inherit script; });
          mkShellNoCC = attributes: make "shell" attributes;
          writeShellScriptBin = name: text: make name { inherit text; };
        };
    in
    {
      inherit lib;
      legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" "aarch64-darwin" ] packagesOf;
    };
}
