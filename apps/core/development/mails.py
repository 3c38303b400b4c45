"""The mails that development has written to files (apps/core/mail.py)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

# Django writes all mails of a connection into one file, and ends each with a line of dashes.
_END = re.compile(rb"^-{79}\r?\n", re.MULTILINE)
_MOST = 200


class Mail(NamedTuple):
    """A mail: where it is (file and number), and what it says.

    html is empty if it has no such part; attachments are their names and sizes.
    """

    key: str
    written: datetime
    subject: str
    sender: str
    to: str
    text: str
    html: str
    attachments: tuple[str, ...]


def newest() -> list[Mail]:
    """Return the newest mails, the last one first."""
    files = sorted(Path(settings.EMAIL_FILE_PATH).glob("*.log"), key=lambda file: file.stat().st_mtime, reverse=True)
    found: list[Mail] = []
    for file in files:
        found += reversed(list(_mails(file)))
        if len(found) >= _MOST:
            break
    return found[:_MOST]


def find(key: str) -> Mail | None:
    """Return a mail; None if there is none."""
    return next((mail for mail in newest() if mail.key == key), None)


def _mails(file: Path) -> Iterator[Mail]:
    written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    for number, raw in enumerate(_END.split(file.read_bytes())):
        if raw.strip():
            yield _read(f"{file.stem}-{number}", written, raw)


def _read(key: str, written: datetime, raw: bytes) -> Mail:
    message = message_from_bytes(raw, policy=policy.default)
    subject, sender, to = (str(message.get(name, "")) for name in ("Subject", "From", "To"))
    parts = _part(message, "plain"), _part(message, "html")
    return Mail(key, written, subject, sender, to, *parts, tuple(map(_attachment, message.iter_attachments())))


def _attachment(part: EmailMessage) -> str:
    content = part.get_payload(decode=True)
    size = f"{len(content):,} bytes" if isinstance(content, bytes) else part.get_content_type()
    return f"{part.get_filename() or part.get_content_type()} ({size})"


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    try:
        return str(part.get_content()) if part else ""
    except (LookupError, ValueError):
        # An encoding that Python does not know.
        return ""
