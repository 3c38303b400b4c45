"""The results as a table, with ratios first, as JSON, and as an SVG plot."""

import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from benchmarks.api.load import Measured

Results = dict[str, dict[str, list[Measured]]]
_WIDTH, _BAR, _LEFT = 760, 14, 300
_COLOURS = {"ours": "#2563eb", "stock": "#9ca3af", "floor": "#10b981"}


def table(results: Results) -> Iterable[str]:
    """Yield a line for each variant of each scenario."""
    yield _line("scenario", "variant", "ratio", "req/s", "   low-high", "p50 ms", "p99 ms", "p99.9", "errors")
    for scenario, variants in results.items():
        first = median(next(iter(variants.values()))).rate
        for variant, rounds in variants.items():
            found, rates = median(rounds), [measured.rate for measured in rounds]
            times = [f"{found.p50:.1f}", f"{found.p99:.1f}", f"{found.p999:.1f}", str(found.errors)]
            spread = f"{min(rates):.0f}-{max(rates):.0f}"
            # How many times as fast as this variant the first one is.
            yield _line(scenario, variant, f"{first / found.rate:.2f}x", f"{found.rate:.0f}", spread, *times)


def _line(scenario: str, variant: str, *cells: str) -> str:
    return f"{scenario:35} {variant:10}" + "".join(f"{cell:>12}" if "-" in cell else f"{cell:>8}" for cell in cells)


def median(rounds: list[Measured]) -> Measured:
    """Return the medians of the rounds, and the sum of the errors."""
    columns = zip(*(measured[:-1] for measured in rounds), strict=True)
    return Measured(*map(statistics.median, columns), errors=sum(measured.errors for measured in rounds))


def as_json(results: Results) -> dict[str, Any]:
    return {
        scenario: {
            variant: {"median": median(rounds)._asdict(), "rounds": [measured._asdict() for measured in rounds]}
            for variant, rounds in variants.items()
        }
        for scenario, variants in results.items()
    }


def plot(results: Results, file: Path) -> None:
    """Draw requests a second: a bar for each variant, its length relative to the longest of its scenario."""
    rows, y = [], 20
    for scenario, variants in results.items():
        rates = {variant: median(rounds).rate for variant, rounds in variants.items()}
        rows.append(f'<text x="10" y="{y + 11}">{escape(scenario)}</text>')
        for variant, rate in rates.items():
            length = (_WIDTH - _LEFT - 170) * rate / max(rates.values())
            colour = _COLOURS.get(variant, "#60a5fa")
            rows.append(f'<rect x="{_LEFT}" y="{y}" width="{length:.0f}" height="{_BAR - 2}" fill="{colour}"/>')
            rows.append(f'<text x="{_LEFT + length + 6:.0f}" y="{y + 11}">{escape(variant)} {rate:,.0f}/s</text>')
            y += _BAR
        y += 8
    style = "text{font:12px sans-serif;fill:#374151}@media(prefers-color-scheme:dark){text{fill:#d1d5db}}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y}" role="img">'
    file.write_text(
        "\n".join([head, "<title>Requests a second</title>", f"<style>{style}</style>", *rows, "</svg>", ""])
    )
