from django.core.mail import EmailMessage

from apps.core.tests.helpers import PASSWORD, log_in, make_user, run_tasks

__all__ = ["PASSWORD", "link_token", "log_in", "make_user", "run_tasks"]


def link_token(mail: EmailMessage) -> str:
    return str(mail.body).partition("#token=")[2].split()[0]
