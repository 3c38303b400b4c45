import idna
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


def normalize_email(email: str) -> str:
    """Return the form in which an address is stored and looked up. Raises ValidationError for an invalid address.

    Lowercase, for people do not tell cases apart; the local part ASCII, for look-alikes of other scripts are made
    to deceive; the domain as DNS knows it (IDNA).
    """
    local, at, domain = email.strip().rpartition("@")
    if not at or not local.isascii():
        raise ValidationError(_("Enter a valid email address."), code="invalid")
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise ValidationError(_("Enter a valid email address."), code="invalid") from None
    return f"{local}@{ascii_domain}".lower()
