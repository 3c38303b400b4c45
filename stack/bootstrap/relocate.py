"""Repairs the scripts of a moved environment: `.venv/bin/python stack/bootstrap/relocate.py OLD_PATH`.

Each names its interpreter by absolute path. The first line that uv writes into relocatable environments takes the
interpreter beside the script instead; pyvenv.cfg tells uv to write it from now on.
"""

import re
import sys
from pathlib import Path

_RELATIVE = b"""#!/bin/sh
'''exec' "$(dirname -- "$(realpath -- "$0")")"/'python' "$0" "$@"
' '''
"""
# The second form is for paths that are too long for a first line, or have spaces in them.
_ABSOLUTE = re.compile(rb"#!(?:/[^\n]*/python[^\n/]*\n|/bin/sh\n'''exec' [^\n]*/python[^\n]*\n' '''\n)")


def relocate(environment: Path, made_in: str) -> None:
    """Let the scripts of the environment find their own interpreter, wherever it is."""
    old, new = made_in.encode(), bytes(environment)
    for script in (environment / "bin").iterdir():
        if script.is_symlink() or not script.is_file():
            continue
        content = script.read_bytes()
        if script.name.startswith("activate"):
            script.write_bytes(content.replace(old, new))
        elif (first := _ABSOLUTE.match(content)) and old in first[0]:
            script.write_bytes(_RELATIVE + content[first.end() :])
    configuration = environment / "pyvenv.cfg"
    if "relocatable" not in configuration.read_text():
        with configuration.open("a") as file:
            file.write("relocatable = true\n")


if __name__ == "__main__":
    relocate(Path(sys.prefix), sys.argv[1])
