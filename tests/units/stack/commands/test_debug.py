import pytest

from stack.commands import debug
from stack.errors import StackError


@pytest.mark.parametrize("arguments", [[], ["redis"], ["--help"]])
def test_what_cannot_be_debugged_is_refused_before_anything_is_stopped(arguments: list[str]) -> None:
    with pytest.raises(StackError, match="web, worker, test"):
        debug.run(arguments)
