import json
import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from apps.users import seeding


class Command(BaseCommand):
    help = "Fill the database with sample accounts, the same ones every time. What is there already stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--users", type=int, default=10, metavar="N", help="how many users (default: 10)")
        parser.add_argument("--superuser", action="store_true", help=f"also an administrator, {seeding.ADMIN}")
        parser.add_argument("--clean", action="store_true", help="first delete the sample accounts that are there")
        parser.add_argument("--force", action="store_true", help="even outside DEBUG; with a random password then")

    def handle(self, *args: Any, **options: Any) -> None:
        _refuse(options)
        if options["clean"]:
            self._progress(f"Deleted {seeding.delete_samples()} sample accounts")
        password = seeding.PASSWORD if settings.DEBUG else secrets.token_urlsafe(16)
        made = []
        if options["superuser"] and seeding.create_admin(password):
            made.append(seeding.ADMIN)
        for emails in seeding.create_users(options["users"], password):
            made += emails
            self._progress(f"{len(made)} accounts")
        self._print(made, password)

    def _progress(self, text: str) -> None:
        # Not stdout: that holds the credentials, for whoever pipes them on.
        self.stderr.write(text)

    def _print(self, made: list[str], password: str) -> None:
        if made:
            shown = made if len(made) <= 12 else [*made[:10], "…", made[-1]]  # noqa: PLR2004 - a screen's worth
            self.stdout.write("\n".join([*shown, f"password of these {len(made)}: {password}"]))
        else:
            self.stdout.write("All of these accounts exist already. Nothing was changed.")
        if settings.DEBUG and (email := seeding.who_can_log_in(password)):
            self._progress(f"\nTo log in:\n{_login_command(email, password)}")


def _login_command(email: str, password: str) -> str:
    body = json.dumps({"email": email, "password": password})
    url = f"{settings.DEVELOPMENT_URL}{reverse('v1:users:knox_login')}"
    # In rows of a terminal's width, and one command for the shell.
    return f"curl -s {url} \\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'"


def _refuse(options: dict[str, Any]) -> None:
    if not settings.DEBUG and not options["force"]:
        raise CommandError(
            "Sample accounts are for development. Nothing was changed. To make them here all the same: --force"
        )
    if options["clean"] and not settings.DATABASE_IS_LOCAL:
        raise CommandError(
            "--clean deletes accounts, and DATABASE_URL names a database of another machine. Nothing was changed."
            " Unset DATABASE_URL, or leave out --clean."
        )
    if options["users"] < 0:
        raise CommandError("--users must not be negative. Nothing was changed.")
