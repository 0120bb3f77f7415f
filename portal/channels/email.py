"""Mail: to an SMTP server, or without one to files in var/mail that any mail program opens."""

import os
import smtplib
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

import css_inline
from flask import render_template

from portal import clock
from portal.outbox import PermanentFailure
from portal.settings import Settings

TIMEOUT_S = 20
STARTTLS_PORT = 587


@dataclass(frozen=True)
class Attachment:
    """A PDF that goes along."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """A rendered message. `message_id` is the same at every try, so that a repeat can be recognised."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    attachments: tuple[Attachment, ...] = ()
    reply_to: str = ""


def compose(template: str, *, to: str, delivery_id: int, reply_to: str = "", **facts: Any) -> Mail:
    """Render templates/email/<template>/{subject.txt, body.txt, body.html}; the styles go inline for mail programs."""
    subject, text, page = (
        render_template(f"email/{template}/{part}", **facts)
        for part in ("subject.txt", "body.txt", "body.html")
    )
    # One line, whatever stands in a name: a line break would begin another header.
    one_line = " ".join(subject.split())
    html, message_id = css_inline.inline(page), f"<delivery-{delivery_id}@portal>"
    return Mail(to, one_line, text.strip() + "\n", html, message_id, reply_to=reply_to)


def send(mail: Mail, settings: Settings) -> None:
    """Hand the mail over. Raises PermanentFailure when the server refuses it for good, else what smtplib raises."""
    message = _message(mail, settings)
    if settings.smtp_url:
        _over_smtp(message, settings.smtp_url)
    else:
        _to_file(message, mail, settings)


def _message(mail: Mail, settings: Settings) -> EmailMessage:
    if "@" not in parseaddr(mail.to)[1]:
        raise PermanentFailure(f"“{mail.to}” is not an address.")
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.mail_from
    message["To"] = mail.to
    if mail.reply_to:
        message["Reply-To"] = mail.reply_to
    message["Subject"] = mail.subject
    message["Message-ID"] = mail.message_id
    message["Date"] = format_datetime(clock.now())
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    for each in mail.attachments:
        message.add_attachment(each.content, maintype="application", subtype="pdf", filename=each.name)
    return message


def _over_smtp(message: EmailMessage, url: str) -> None:
    server = urlsplit(url)
    kind = smtplib.SMTP_SSL if server.scheme == "smtps" else smtplib.SMTP
    try:
        with kind(server.hostname or "", server.port or 0, timeout=TIMEOUT_S) as smtp:
            if server.scheme == "smtp" and server.port == STARTTLS_PORT:
                smtp.starttls()
            if server.username:
                smtp.login(unquote(server.username), unquote(server.password or ""))
            smtp.send_message(message)
    except smtplib.SMTPRecipientsRefused as refused:
        _raise_if_final(refused, *(code for code, _ in refused.recipients.values()))
    except smtplib.SMTPResponseException as refused:
        _raise_if_final(refused, refused.smtp_code)


def _raise_if_final(refused: Exception, *codes: int) -> None:
    """5xx is final (park at once), 4xx is a matter of time."""
    if codes and min(codes) >= 500:
        raise PermanentFailure(f"The mail server refuses it: {refused}") from refused
    raise refused


def _to_file(message: EmailMessage, mail: Mail, settings: Settings) -> None:
    """One file for each delivery, under its final name only when it is whole."""
    settings.mail_folder.mkdir(parents=True, exist_ok=True)
    path = settings.mail_folder / f"{mail.message_id.strip('<>').partition('@')[0]}.eml"
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_bytes(bytes(message))
    fresh.replace(path)
