"""The mail backend of development: writes mails to files and to the log."""

import logging
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.filebased import EmailBackend

logger = logging.getLogger("django.info")


class FileBackend(EmailBackend):
    """Write each mail to a file in EMAIL_FILE_PATH and, its link included, to the log. For development only."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        sent = super().send_messages(email_messages)
        for mail in email_messages:
            line = {"to": mail.to, "subject": mail.subject, "text": mail.body, "directory": self.file_path}
            logger.info("Mail", extra=line)
        return sent or 0
