"""Sends mails. Their texts are templates: the first line is the subject, the rest is the body."""

from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from apps.users.links import reset_links, verification_links
from apps.users.models import CustomUser


def registration(user: CustomUser) -> EmailMessage:
    if user.email_verified:
        return _mail(user, "already_registered", link=reset_links.link_for(user))
    return _mail(user, "verify_email", link=verification_links.link_for(user))


def password_reset(user: CustomUser) -> EmailMessage:
    return _mail(user, "password_reset", link=reset_links.link_for(user))


def _mail(user: CustomUser, template: str, *, link: str) -> EmailMessage:
    text = render_to_string(f"users/mail/{template}.txt", {"user": user, "link": link})
    subject, _, body = text.partition("\n")
    return EmailMessage(subject, body.lstrip("\n"), to=[user.email])
