"""Sending mail: read in a short transaction, send with none open, settle with the delivery."""

from datetime import date
from functools import partial
from typing import Any

from flask import current_app

from portal import links
from portal.channels import CHANNELS, email
from portal.channels.email import Mail
from portal.clock import now
from portal.db import db
from portal.domain import notices
from portal.domain.notices.models import Notice
from portal.domain.receivables import reminding
from portal.domain.renewals import reminding as reminding_of_renewals
from portal.domain.staff.models import OneTimeLink, User
from portal.domain.staff.queries import token_of
from portal.domain.words import Channel, NoticeStatus
from portal.outbox import Outside, Recorded

INVITED = ("You are invited to the portal", "Choose a password to begin.", "Choose a password")
RESET = ("Set a new password", "Somebody, probably you, asked for a new password.", "Set a new password")


def _prepare_notice(event: Recorded) -> Mail | None:
    """None when it went out before: a notice is mailed once, however often it is queued."""
    notice = db.session.get_one(Notice, event.subject_id)
    if notice.status is NoticeStatus.SENT:
        return None
    user = db.session.get_one(User, notice.user_id)
    return email.compose(
        "notice",
        to=user.email,
        delivery_id=event.delivery_id,
        name=user.name,
        title=notice.title,
        body=notice.body,
        urgency=notices.KINDS[notice.kind].urgency,
        button="Open in the portal",
        link=links.absolute(notice.path),
        preferences=links.absolute("/notices/preferences"),
    )


def _prepare_link(event: Recorded) -> Mail | None:
    """None for a link that was used or replaced meanwhile."""
    link = db.session.get_one(OneTimeLink, event.payload["link_id"])
    if not link.is_usable(now()):
        return None
    user = db.session.get_one(User, link.user_id)
    title, body, button = INVITED if event.payload["purpose"] == "invite" else RESET
    where = links.one_time(token_of(link))
    facts: dict[str, Any] = {"name": user.name, "title": title, "body": body, "button": button, "link": where}
    return email.compose(
        "one_time_link", to=user.email, delivery_id=event.delivery_id, urgency="info", **facts
    )


def _prepare_payment_reminder(event: Recorded) -> Mail | None:
    """None when nothing is owed any more, or the client wants no reminders now."""
    recipient = event.payload["recipient"]
    reminder = reminding.to_send(reminder_id=event.payload["reminder_id"], recipient=recipient)
    if reminder is None:
        return None
    return email.compose(
        "payment_reminder", to=recipient, delivery_id=event.delivery_id, reminder=reminder,
        title=f"Invoice {reminder.number} is overdue", urgency="danger" if reminder.is_last else "warning",
    )  # fmt: skip


def _prepare_renewal_reminder(event: Recorded) -> Mail | None:
    """None when it is renewed, denied or cancelled meanwhile, or the client wants no such mail now."""
    facts = event.payload
    reminder = reminding_of_renewals.to_send(
        service_id=event.subject_id, renewal_date=date.fromisoformat(facts["renewal_date"])
    )
    if reminder is None:
        return None
    return email.compose(
        "renewal_reminder", to=facts["recipient"], delivery_id=event.delivery_id, reply_to=reminder.reply_to,
        reminder=reminder, title=f"{reminder.service} is due for renewal", urgency="info",
    )  # fmt: skip


def _send(mail: Mail, delivery_id: int) -> None:
    CHANNELS[Channel.EMAIL].send(mail, current_app.extensions["settings"])


def _settle_notice(event: Recorded, result: None) -> None:
    notices.settle(notice_id=event.subject_id, at=now())


def _settle_nothing(event: Recorded, result: None) -> None:
    """Its delivery is all the record that this mail has."""


def _settle_payment_reminder(event: Recorded, result: None) -> None:
    facts = event.payload
    reminding.keep_sent(reminder_id=facts["reminder_id"], recipient=facts["recipient"], at=now())


_outside = partial(Outside, perform=_send)
send_notice_email = _outside(prepare=_prepare_notice, settle=_settle_notice)
send_one_time_link = _outside(prepare=_prepare_link, settle=_settle_nothing)
send_renewal_reminder = _outside(prepare=_prepare_renewal_reminder, settle=_settle_nothing)
send_payment_reminder = _outside(prepare=_prepare_payment_reminder, settle=_settle_payment_reminder)
