"""Reads settings from the environment and .env, with django-environ's casts.

A value that cannot be understood is an error; django-environ alone would fall back to the default in silence. Outside
of conf.settings, since gunicorn's main process reads it, too: what that has imported no reload reads again.
"""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from checkout import dotenv, paths

_TRUE = {"1", "true", "yes", "y", "on", "t"}
_FALSE = {"0", "false", "no", "n", "off", "f"}
_KINDS: dict[Any, str] = {
    int: "a whole number",
    bool: "True or False",
    list: "a list separated by commas",
    dict: "a list of name=value separated by commas",
}


class Env(environ.Env):  # type: ignore[misc] # the library has no types
    """Values, and for those of .env the number of their line, which messages name in place of the value."""

    def __init__(self, values: Mapping[str, str], lines: Mapping[str, int]) -> None:
        super().__init__()
        self.ENVIRON = values
        self._lines = lines

    def get_value(
        self,
        var: str,
        cast: Any = None,
        default: Any = environ.Env.NOTSET,
        parse_default: bool = False,  # noqa: FBT001, FBT002 - the signature is the library's
    ) -> Any:
        """Return the value, or the default where there is none or an empty one. A $ is only a $.

        Raises ImproperlyConfigured, without the value, where there is neither, and for a value that is not understood.
        """
        text = self._text(var)
        if not text.strip():
            if default is self.NOTSET:
                raise ImproperlyConfigured(f"{var} is missing: set it. See .env.example.")
            return default
        try:
            return self._cast(text, cast)
        except (ValueError, TypeError, IndexError):
            raise ImproperlyConfigured(
                f"{self._where(var)}: not {_KINDS.get(cast, 'understood')}. Correct it."
            ) from None

    def _text(self, var: str) -> str:
        """Return the text of the variable, or of the file that NAME_FILE names, as platforms mount secrets."""
        # Of the environment alone: what reads .env besides the settings does not know it.
        file = os.environ.get(f"{var}_FILE", "")
        text = str(self.ENVIRON.get(var, ""))
        if not file:
            return text
        if text.strip():
            raise ImproperlyConfigured(f"{var} and {var}_FILE are both set. Unset one.")
        try:
            # Whoever writes a file by an editor or echo leaves a line feed at its end.
            text = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise ImproperlyConfigured(f"{var}_FILE names a file that cannot be read: {reason}. Correct it.") from None
        if not text.strip():
            # A secret that was not mounted as it should have been: without it, metrics or error reports would be off.
            raise ImproperlyConfigured(f"{var}_FILE names a file that is empty. Correct or unset it.")
        return text

    def email_url(self, var: str, *args: Any, **kwargs: Any) -> Any:
        """Return the settings of mail that a URL holds. Raises ImproperlyConfigured, without the URL, for any other."""
        return self._without_value(var, lambda: super(Env, self).email_url(var, *args, **kwargs))

    def _without_value(self, var: str, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except (ValueError, KeyError, ImproperlyConfigured):
            hint = "Write / ? # @ in a password as %2F %3F %23 %40"
            raise ImproperlyConfigured(f"{self._where(var)}: not a URL that is understood. {hint}.") from None

    def _where(self, var: str) -> str:
        return f".env, line {self._lines[var]}: {var}" if var in self._lines else f"{var} in the environment"

    def _cast(self, text: str, cast: Any) -> Any:
        if cast is bool:
            word = text.strip().lower()
            if word not in _TRUE | _FALSE:
                raise ValueError
            return word in _TRUE
        if cast is list:
            return [item.strip() for item in re.split("[,\\n]", text) if item.strip()]
        return self.parse_value(text, cast)


def read_env(path: Path = paths.DOTENV) -> Env:
    """Return the environment, completed by the lines of the file. A variable of the environment wins.

    Raises ImproperlyConfigured with the line's number, never its content, for a line that cannot be understood.
    """
    try:
        lines = dotenv.read(path)
    except dotenv.DotenvError as error:
        raise ImproperlyConfigured(str(error)) from None
    own = {name: line for name, line in lines.items() if name not in os.environ}
    values = {name: line.value for name, line in own.items()} | dict(os.environ)
    return Env(values, {name: line.number for name, line in own.items()})
