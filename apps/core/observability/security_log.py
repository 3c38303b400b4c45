"""The records of security.log: logins, failed logins, refusals, revoked tokens, changed accounts.

The access record of the same request names who changed an account.

A typed address is not written, since people type passwords into that field. A fingerprint shows whether two failures
concern the same account; with the address and this project's secret key one can tell which.
"""

import logging
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone
from django.utils.crypto import salted_hmac
from knox.models import get_token_model

from apps.core.signals import account_changed, request_served
from apps.core.throttling.client_ip import client_ip

logins = logging.getLogger("django.security.login")
access = logging.getLogger("django.security.access")
accounts = logging.getLogger("django.security.accounts")
tokens = logging.getLogger("django.security.tokens")


def fingerprint(address: str) -> str:
    return salted_hmac("apps.core.security_log", address.strip().lower()).hexdigest()[:16]


@receiver(user_logged_in)
def logged_in(request: Any, user: Any, **_kwargs: Any) -> None:
    logins.info("Logged in", extra={"user_id": user.pk, "client_ip": _ip(request), "account": fingerprint(user.email)})


@receiver(user_login_failed)
def login_failed(credentials: dict[str, Any], request: Any = None, **_kwargs: Any) -> None:
    account = fingerprint(str(credentials.get("username", "")))
    logins.warning("Login failed", extra={"client_ip": _ip(request), "account": account})


@receiver(request_served)
def denied(line: dict[str, Any], **_kwargs: Any) -> None:
    if line["status"] in {401, 403}:
        names = ("method", "path", "status", "user_id", "client_ip")
        access.warning("Permission denied", extra={name: line[name] for name in names})


@receiver(account_changed)
def account_has_changed(account: Any, change: str, **_kwargs: Any) -> None:
    accounts.info(change, extra={"account_id": account.pk, "account": fingerprint(account.email)})


@receiver(post_delete, sender=get_user_model())
def account_deleted(instance: Any, **_kwargs: Any) -> None:
    account_has_changed(instance, "Account deleted")


# However a session ends (logout, password change, admin), its row is deleted.
@receiver(post_delete, sender=get_token_model())
def token_revoked(instance: Any, **_kwargs: Any) -> None:
    if instance.expiry is None or instance.expiry > timezone.now():
        tokens.info("Token revoked", extra={"owner_id": instance.user_id, "session": getattr(instance, "uuid", None)})


def _ip(request: Any) -> str:
    return client_ip(request) if request is not None else ""
