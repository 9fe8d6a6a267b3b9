"""E-mail over SMTP with smtplib in a thread, which is enough for the few e-mails to officers."""

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr

from bot.config.settings import Settings
from bot.notifications.errors import NotificationRefused, NotSent, Unanswered

CALL_SECONDS = 15


async def send(
    settings: Settings, to: str, subject: str, text: str, *, sender: str | None = None
) -> None:
    """Send an e-mail. Raises NotSent if a retry may succeed, else NotificationRefused.

    Without `sender`, the e-mail is from the address in the setting `smtp_from`.
    """
    message = _message(sender or settings.smtp_from or "", to, subject, text)
    await asyncio.to_thread(_send, settings, message)


def _message(sender: str, to: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=_domain(sender))
    # Suppresses automatic replies such as out-of-office messages (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def _send(settings: Settings, message: EmailMessage) -> None:
    failure: NotSent | NotificationRefused | None = None
    try:
        with _connection(settings, _domain(message["From"])) as server:
            if settings.smtp_password is not None:
                server.login(settings.smtp_user or "", settings.smtp_password.get_secret_value())
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _text in error.recipients.values()]
        failure = _failure(max(codes, default=0))
    except smtplib.SMTPResponseException as error:
        failure = _failure(error.smtp_code)
    except smtplib.SMTPNotSupportedError:
        failure = NotificationRefused()
    except (OSError, smtplib.SMTPException):
        failure = Unanswered()
    # The error is raised outside the except clauses, so that no context is chained: smtplib's
    # errors contain the recipient's address.
    if failure is not None:
        raise failure


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2]


def _connection(settings: Settings, domain: str) -> smtplib.SMTP:
    """Open an SMTP connection; EHLO names the sender's domain instead of this machine.

    The receiving server writes the EHLO name into the headers of every e-mail.
    """
    host, port = settings.smtp_host or "", settings.smtp_port
    if settings.smtp_security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, domain, timeout=CALL_SECONDS, context=context)
    server = smtplib.SMTP(host, port, domain, timeout=CALL_SECONDS)
    if settings.smtp_security == "starttls":
        server.starttls(context=ssl.create_default_context())
    return server


def _failure(code: int) -> NotSent | NotificationRefused:
    return NotificationRefused() if 500 <= code < 600 else NotSent()
