"""The terminal as rich sees it, with the same rules for colours and width in every command."""

import sys

from rich.console import Console

from checkout.text import wants_colours


def console(*, colours: bool | None = None) -> Console:
    """Return standard output. In a pipe rows are as long as they need to be; colours overrides the environment."""
    is_terminal = sys.stdout.isatty()
    coloured = wants_colours(sys.stdout) if colours is None else colours
    return Console(
        width=None if is_terminal else 500,
        # Cursor movements are for terminals, whatever FORCE_COLOR says.
        force_terminal=is_terminal,
        # Without colours there is no bold either: who asks for that wants plain text.
        color_system=("auto" if is_terminal else "standard") if coloured else None,
        no_color=False,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
    )
