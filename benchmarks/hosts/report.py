"""What was seen, as tables for people."""

from collections.abc import Iterator
from typing import Any


def table(part: str, seen: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a part."""
    yield f"\n{part}"
    if part == "cuts":
        yield from _cuts(seen["hosts"])
    yield from _values({name: value for name, value in seen.items() if name not in {"hosts", "data"}})
    yield from _values(seen.get("data", {}))


def _cuts(hosts: dict[str, Any]) -> Iterator[str]:
    yield f"  {'host':10}{'requests':>9}{'slowest':>9}{'read':>7}{'well after':>12}   failed in the first 2 s | later"
    for host, seen in hosts.items():
        after = seen["well again after"]
        well = "never" if None in after.values() else f"{max(after.values()):.1f} s"
        slowest = f"{seen['slowest']:>7.1f} s{seen['slowest read']:>5.1f} s"
        failed = f"{_counts(seen['failed early'])} | {_counts(seen['failed later'])}"
        yield f"  {host:10}{seen['requests']:>9}{slowest}{well:>12}   {failed}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items()) or "none"


def _values(values: dict[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        shown = ", ".join(f"{key}: {one}" for key, one in value.items()) if isinstance(value, dict) else value
        yield f"  {name:40} {shown if shown not in ('', []) else 'none'}"
