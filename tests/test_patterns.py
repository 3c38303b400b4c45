"""AGENTS.md shows what `just startapp` writes: whoever follows the one gets the other."""

import re
from pathlib import Path

from apps.core.management.commands.startapp import render
from checkout import paths


def test_the_examples_of_the_guide_are_in_an_app_that_startapp_writes(tmp_path: Path) -> None:
    made = render("invoices", "Invoice", tmp_path)
    written = "\n".join(path.read_text() for path in sorted(made.rglob("*.py")))
    guide = (paths.ROOT / "AGENTS.md").read_text().partition("## Patterns")[2].partition("\n## ")[0]
    examples = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    assert len(examples) >= 4
    assert [example for example in examples if example not in written] == []
