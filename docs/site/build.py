"""`just docs`: the pages as a site that can be searched, in .state/docs/site.

Sphinx gets a copy in which the files lie as in the repository, so that links work in both.
"""

import os
import shutil
import sys
from pathlib import Path

import reference
from sphinx.cmd.build import main as sphinx

ROOT = Path(__file__).resolve().parents[2]
STATE = Path(os.environ.get("STATE_DIR") or ROOT / ".state").absolute() / "docs"
# The order of the pages. A page that is missing here is an error.
PAGES = {
    "Start": ["docs/template", "docs/environment", "docs/stack", "docs/new-app"],
    "Use": [
        "docs/api",
        "docs/accounts",
        "docs/tasks",
        "docs/observability",
        "docs/snapshots",
        "docs/upgrade-postgres",
        "docs/worktrees",
        "docs/deploy",
        "docs/migrations",
        "docs/rehearse",
        "docs/survive",
        "docs/several-hosts",
        "docs/testing",
        "docs/tools",
        "docs/additions",
    ],
    "Look up": ["docs/settings", "docs/recipes", "docs/coming-from"],
    "How it works": ["docs/architecture", "docs/broker", "docs/performance"],
    "The project": ["AGENTS", "CONTRIBUTING", "CHANGELOG", "SECURITY"],
}
# What pages link to, besides pages.
FILES = ["LICENSE", ".env.example", "pyproject.toml"]


def main() -> int:
    """Build the site; a warning is an error. Return Sphinx' exit status."""
    source, site = STATE / "source", STATE / "site"
    shutil.rmtree(source, ignore_errors=True)
    write_source(source)
    title = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
    options = ["-W", "--keep-going", "-q", "-j", "auto", "-b", "html", "-c", str(Path(__file__).parent)]
    names = ["-D", f"project={title}", "-D", f"html_title={title}"]
    status = sphinx([*options, *names, "-d", str(STATE / "doctrees"), str(source), str(site)])
    if status == 0:
        print(f"the site is in {site}: open {site / 'index.html'}")
    return status


def write_source(source: Path) -> None:
    """Write what Sphinx reads."""
    (source / "docs").mkdir(parents=True)
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.*"), *(ROOT / name for name in FILES)]:
        shutil.copy(path, source / path.relative_to(ROOT))
    (source / "README.md").rename(source / "index.md")
    with (source / "index.md").open("a", encoding="utf-8") as index:
        index.write(tables_of_contents())
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    (source / "docs/settings.md").write_text(reference.settings_page(example), encoding="utf-8")
    recipes = reference.recipes_page(reference.dump_recipes(str(ROOT)))
    (source / "docs/recipes.md").write_text(recipes, encoding="utf-8")


def tables_of_contents() -> str:
    """Return the directives that make the navigation."""
    parts = [
        f"```{{toctree}}\n:caption: {caption}\n:hidden:\n:maxdepth: 1\n\n" + "\n".join(pages) + "\n```\n"
        for caption, pages in PAGES.items()
    ]
    return "\n" + "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
