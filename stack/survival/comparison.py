"""Compares what a run has left with what undisturbed runs leave. Nothing here runs anything."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from stack.survival.left import NEW, Left, Mail, Message, Row

# Stands for what is different in each run.
VARIES = "…"
_SHOWN = 60


@dataclass(frozen=True)
class Difference:
    """What is otherwise: twice, missing, changed, or how the task ended; of a row, a mail or a message."""

    kind: str
    of: str
    what: str

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.kind}: {self.what}"


@dataclass
class Masks:
    """What differs between two undisturbed runs: columns by table, positions of words by mail, arguments by task."""

    columns: dict[str, set[str]] = field(default_factory=dict)
    words: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    arguments: set[tuple[str, str]] = field(default_factory=set)


def masks(one: Left, other: Left) -> Masks:
    """Return what varies by itself, such as times, links and random ids."""
    found = Masks()
    for table in one.rows.keys() & other.rows.keys():
        columns = {column for row in one.rows[table] for column in row}
        found.columns[table] = {
            column for column in columns if _values(one.rows[table], column) != _values(other.rows[table], column)
        }
    for mine, theirs in zip(one.mails, other.mails, strict=False):
        longest = max(len(mine.words), len(theirs.words))
        pairs = enumerate(zip(_filled(mine, longest), _filled(theirs, longest), strict=True))
        positions = {place for place, (left, right) in pairs if left != right}
        found.words.setdefault((mine.to, mine.subject), set()).update(positions)
    for task in {(message.queue, message.task) for message in one.messages}:
        if _arguments(one, task) != _arguments(other, task):
            found.arguments.add(task)
    return found


def _values(rows: list[Row], column: str) -> list[str]:
    return sorted(json.dumps(row.get(column)) for row in rows)


def _filled(mail: Mail, length: int) -> list[str]:
    return [*mail.words, *[""] * (length - len(mail.words))]


def _arguments(left: Left, task: tuple[str, str]) -> list[str]:
    return sorted(message.arguments for message in left.messages if (message.queue, message.task) == task)


def differences(undisturbed: Left, found: Left, masked: Masks) -> list[Difference]:
    """Return what a run has left otherwise than an undisturbed one."""
    return [
        *_rows(undisturbed, found, masked),
        *_counted(
            "mail", (_mail(one, masked) for one in undisturbed.mails), (_mail(one, masked) for one in found.mails)
        ),
        *_counted(
            "message",
            (_message(one, masked) for one in undisturbed.messages),
            (_message(one, masked) for one in found.messages),
        ),
        *([Difference("ended otherwise", "task", found.outcome)] if found.outcome != undisturbed.outcome else []),
    ]


def _rows(undisturbed: Left, found: Left, masked: Masks) -> Iterable[Difference]:
    for table in sorted(undisturbed.rows.keys() | found.rows.keys()):
        hidden = masked.columns.get(table, set())
        before = Counter(_text(row, hidden) for row in undisturbed.rows.get(table, []))
        after = Counter(_text(row, hidden) for row in found.rows.get(table, []))
        more, fewer = list((after - before).elements()), list((before - after).elements())
        while more and fewer and (pair := _most_alike(more, fewer)):
            more.remove(pair[0])
            fewer.remove(pair[1])
            yield Difference("changed", "row", f"{table}: {_change(json.loads(pair[1]), json.loads(pair[0]))}")
        yield from (Difference(_kind(text, before), "row", f"a row of {table} {_short(text)}") for text in more)
        yield from (Difference("missing", "row", f"a row of {table} {_short(text)}") for text in fewer)
    for table, count in undisturbed.counts.items():
        written = len(found.rows.get(table, [])) - len(undisturbed.rows.get(table, []))
        if gone := written - (found.counts[table] - count):
            yield Difference("changed", "row", f"{table} has {abs(gone)} rows {'fewer' if gone > 0 else 'more'}")


def _kind(text: str, before: Counter[str]) -> str:
    return "twice" if text in before else "in addition"


def _text(row: Row, hidden: set[str]) -> str:
    return json.dumps({column: VARIES if column in hidden else value for column, value in row.items()}, sort_keys=True)


def _most_alike(more: list[str], fewer: list[str]) -> tuple[str, str] | None:
    """Return a row and what it was, if they have a key in common, or all but one value."""
    pairs = [(_distance(one, other), one, other) for one in more for other in fewer]
    distance, one, other = min(pairs)
    return (one, other) if distance <= 1 or _key(one) == _key(other) is not None else None


def _distance(one: str, other: str) -> int:
    mine, theirs = json.loads(one), json.loads(other)
    return sum(mine.get(column) != theirs.get(column) for column in mine.keys() | theirs.keys())


def _key(text: str) -> object:
    key = json.loads(text).get("id")
    return key if key not in (None, NEW, VARIES) else None


def _change(before: Row, after: Row) -> str:
    changed = [
        f"{column} is {json.dumps(after.get(column))} in place of {json.dumps(before.get(column))}"
        for column in after
        if after.get(column) != before.get(column)
    ]
    key = [f"id {before['id']}, "] if before.get("id") not in (None, NEW, VARIES) else []
    return "".join([*key, ", ".join(changed)])


def _short(text: str) -> str:
    shown = [
        f"{column}={value}"
        for column, value in json.loads(text).items()
        if value not in (None, "", NEW, VARIES) and not isinstance(value, dict | list)
    ]
    joined = ", ".join(shown)
    return f"({joined if len(joined) <= _SHOWN else joined[: _SHOWN - 1] + '…'})"


def _mail(mail: Mail, masked: Masks) -> tuple[str, str]:
    hidden = masked.words.get((mail.to, mail.subject), set())
    words = " ".join(VARIES if place in hidden else word for place, word in enumerate(mail.words))
    return f"a mail to {mail.to}, {mail.subject!r}", words


def _message(message: Message, masked: Masks) -> tuple[str, str]:
    hidden = (message.queue, message.task) in masked.arguments
    return f"a message to {message.task}", VARIES if hidden else message.arguments


def _counted(of: str, before: Iterable[tuple[str, str]], after: Iterable[tuple[str, str]]) -> Iterable[Difference]:
    """Compare by what it is, then by its content."""
    mine, theirs = _by_name(before), _by_name(after)
    for name in sorted(mine.keys() | theirs.keys()):
        was, became = mine[name], theirs[name]
        if len(became) > len(was):
            yield Difference("twice" if was else "in addition", of, name)
        elif len(became) < len(was):
            yield Difference("missing", of, name)
        elif sorted(was) != sorted(became):
            yield Difference("changed", of, f"what is in {name}")


def _by_name(found: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    named: dict[str, list[str]] = defaultdict(list)
    for name, content in found:
        named[name].append(content)
    return named
