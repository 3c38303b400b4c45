"""The pages that are generated: settings from .env.example, recipes from the justfile."""

import json
import re
import subprocess
from collections.abc import Iterator
from typing import NamedTuple

_SECTION = re.compile(r"# --- (.*?) -*$")
_SETTING = re.compile(r"(# )?([A-Z][A-Z0-9_]*)=(.*)$")


class Setting(NamedTuple):
    """A variable with its section, its default (empty for none), and the sentences about it."""

    section: str
    name: str
    default: str
    text: str


def settings(example: str) -> Iterator[Setting]:
    """Yield the settings of .env.example. Those that share a comment share its text."""
    section, comment, used = "", "", False
    for line in example.splitlines():
        if found := _SECTION.fullmatch(line):
            section, comment = found[1].rstrip("- "), ""
        elif found := _SETTING.fullmatch(line):
            used = True
            yield Setting(section, found[2], found[3] if found[1] else "", comment)
        elif line.startswith("# "):
            comment = line[2:] if used else f"{comment} {line[2:]}".strip()
            used = False
        else:
            comment, used = "", False


def settings_page(example: str) -> str:
    """Return the page about all settings."""
    lines = [
        "# Settings",
        "",
        "Environment variables, or lines of `.env`, which the first `just up` copies from `.env.example`.",
        "Variables win. What a project adds is named there, too: otherwise it does not reach the programs.",
    ]
    section = None
    for found in settings(example):
        if found.section != section:
            section = found.section
            lines += ["", f"## {section}", "", "| variable | default or example | |", "| --- | --- | --- |"]
        default = f"`{_cell(found.default)}`" if found.default else ""
        lines.append(f"| `{found.name}` | {default} | {_cell(found.text)} |")
    return "\n".join([*lines, ""])


def recipes_page(dump: str) -> str:
    """Return the page about all recipes. dump: what `just --dump --dump-format json` prints."""
    groups: dict[str, list[str]] = {}
    for name, recipe in json.loads(dump)["recipes"].items():
        if not recipe["private"]:
            group = next((a["group"] for a in recipe["attributes"] if isinstance(a, dict) and "group" in a), "other")
            groups.setdefault(group, []).append(f"| `just {name}` | {_cell(recipe['doc'] or '')} |")
    lines = ["# Recipes", "", "`just` alone lists them; most have a `--help`. Without the toolchain type `./just`.", ""]
    for group, rows in groups.items():
        lines += [f"## {group.capitalize()}", "", "| recipe | |", "| --- | --- |", *rows, ""]
    return "\n".join(lines)


def dump_recipes(root: str) -> str:
    """Return the justfile as just itself reads it."""
    command = ["just", "--dump", "--dump-format", "json"]  # just is what runs this
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
