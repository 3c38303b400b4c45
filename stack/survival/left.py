"""What a run leaves behind: changed rows, mails, messages to other tasks, and how the task ended."""

import base64
import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import redis
from psycopg import sql

from checkout.queues import DELAYED
from stack.data.throwaway import Copy

# Records of Celery's about each run: how the task ended is looked at by itself. The other: about migrations.
_BOOKKEEPING = re.compile(r"^(django_celery_results_.*|django_migrations)$")
_SEPARATOR = b"\n" + b"-" * 79 + b"\n"

_TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname = 'public' ORDER BY 1
"""
# Columns that count up by themselves, and those that refer to one.
_COUNTERS = """
    SELECT c.relname, a.attname FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relkind = 'r' AND n.nspname = 'public' AND NOT a.attisdropped AND a.attnum > 0
        AND (a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%')
"""
_REFERENCES = """
    SELECT c.relname, a.attname, f.relname, b.attname FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
    JOIN pg_attribute b ON b.attrelid = f.oid AND b.attnum = k.confkey[1]
    WHERE k.contype = 'f' AND array_length(k.conkey, 1) = 1
"""
NEW = "<new>"
_NUMBER = re.compile(r"\b[0-9]{1,18}\b")
# More rows than a task makes, while it is tried.
_MANY = 1000

Row = dict[str, Any]


@dataclass(frozen=True)
class Mail:
    """A mail that was sent."""

    to: str
    subject: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Message:
    """A task that was sent: its queue, its name, and its arguments as JSON."""

    queue: str
    task: str
    arguments: str


@dataclass
class Left:
    """What was left. rows: those that were written, by table; counts: how many each table has."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    outcome: str = ""

    @property
    def is_nothing(self) -> bool:
        """Return whether no row was written, and nothing was sent."""
        return not (self.rows or self.mails or self.messages)


class Start:
    """The state from which each run starts: what is new is known by it."""

    def __init__(self, copy: Copy, database: str) -> None:
        """Look at the database that is cloned for each run."""
        with copy.connect(database) as connection:
            ask: Any = connection.execute
            self.tables = [name for (name,) in ask(_TABLES).fetchall() if not _BOOKKEEPING.match(name)]
            # By table and column: the last number there is.
            self.counters: dict[tuple[str, str], int] = {}
            for table, column in ask(_COUNTERS).fetchall():
                last = sql.SQL("SELECT coalesce(max({}), 0) FROM {}")
                ((number,),) = ask(last.format(sql.Identifier(column), sql.Identifier(table))).fetchall()
                self.counters[table, column] = int(number)
            for table, column, other, key in ask(_REFERENCES).fetchall():
                if (other, key) in self.counters:
                    self.counters[table, column] = self.counters[other, key]

    def without_numbers(self, table: str, row: Row) -> Row:
        """Return a row without the numbers that it got by counting: they are others after each rollback."""
        return {
            column: NEW if isinstance(value, int) and value > self.counters.get((table, column), value) else value
            for column, value in row.items()
        }

    def without_new_numbers(self, text: str, tables: Collection[str]) -> str:
        """Return a text without what may be the number of a row that is new in one of the tables."""
        lasts = [last for (table, _), last in self.counters.items() if table in tables]
        return _NUMBER.sub(
            lambda found: NEW if any(last < int(found[0]) <= last + _MANY for last in lasts) else found[0], text
        )


@dataclass(frozen=True)
class Run:
    """Where a run was: its database and mails; the number of the transaction before it; the task's id."""

    copy: Copy
    database: str
    mails: Path
    since: int
    task_id: str


def look(start: Start, run: Run) -> Left:
    """Return what a run has left."""
    left = Left()
    with run.copy.connect(run.database) as connection:
        ask: Any = connection.execute
        for table in start.tables:
            name = sql.Identifier(table)
            # The system column says which transaction has written a row.
            written = sql.SQL("SELECT to_jsonb(t) FROM {} t WHERE t.xmin::text::bigint > %s").format(name)
            rows = [start.without_numbers(table, row) for (row,) in ask(written, [run.since % 2**32]).fetchall()]
            if rows:
                left.rows[table] = rows
            ((left.counts[table],),) = ask(sql.SQL("SELECT count(*) FROM {}").format(name)).fetchall()
        found = "SELECT status, result FROM django_celery_results_taskresult WHERE task_id = %s"
        for status, result in ask(found, [run.task_id]).fetchall():
            left.outcome = f"{status}: {result}" if status not in {"SUCCESS", "STARTED"} else ""
    left.mails = _mails(run.mails, start, left.rows)
    left.messages = _messages(run.copy, start, left.rows)
    return left


def _mails(directory: Path, start: Start, tables: Collection[str]) -> list[Mail]:
    files = sorted(directory.glob("*"))
    texts = [text for file in files for text in file.read_bytes().split(_SEPARATOR) if text.strip()]
    found = []
    for text in texts:
        mail: Any = message_from_bytes(text, policy=policy.default)
        body = mail.get_body(("plain", "html"))
        words = start.without_new_numbers(body.get_content() if body else "", tables).split()
        found.append(Mail(str(mail["To"] or ""), str(mail["Subject"] or ""), tuple(words)))
    return sorted(found, key=lambda mail: (mail.to, mail.subject, mail.words))


def _messages(copy: Copy, start: Start, tables: Collection[str]) -> list[Message]:
    with redis.Redis(unix_socket_path=str(copy.redis_socket)) as opened:
        client: Any = opened
        raw = [(key.decode(), text) for key in client.scan_iter(_type="list") for text in client.lrange(key, 0, -1)]
        for entry, _ in client.zscan_iter(DELAYED):
            queue, _, text = entry.partition(b"\n")
            raw.append((queue.decode(), text))
    found = []
    for queue, text in raw:
        if text and not queue.endswith((":hint", ".pidbox")):
            message = json.loads(text)
            args, kwargs, *_ = json.loads(base64.b64decode(message["body"]))
            arguments = start.without_new_numbers(json.dumps([args, kwargs]), tables)
            found.append(Message(queue, message["headers"]["task"], arguments))
    return sorted(found, key=lambda message: (message.queue, message.task, message.arguments))
