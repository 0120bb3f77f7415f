"""Printing and sending documents: facts in a short transaction, the PDF with none open, then what came of it."""

from dataclasses import replace
from hashlib import sha256
from typing import NamedTuple

from flask import current_app

from portal import documents, storage
from portal.channels import CHANNELS, email
from portal.channels.email import Attachment, Mail
from portal.clock import now
from portal.domain.billing import mailing, printing
from portal.domain.billing.documents import InvoiceFacts
from portal.domain.billing.documents import facts as facts_of
from portal.domain.words import Channel
from portal.outbox import Outside, Recorded


class Printed(NamedTuple):
    version: int
    key: str
    sha256: str


def _prepare(event: Recorded) -> tuple[int, InvoiceFacts] | None:
    return printing.to_print(event.subject_id)


def _perform(prepared: tuple[int, InvoiceFacts], delivery_id: int) -> Printed:
    version, facts = prepared
    pdf = documents.render("invoice", facts)
    digest = sha256(pdf).hexdigest()
    key = f"invoices/{delivery_id}-{digest[:16]}.pdf"
    storage.reports().put(key, pdf)
    return Printed(version, key, digest)


def _settle(event: Recorded, printed: Printed) -> None:
    printing.keep_pdf(
        invoice_id=event.subject_id, version=printed.version, key=printed.key, sha256=printed.sha256, at=now()
    )


print_invoice = Outside(prepare=_prepare, perform=_perform, settle=_settle)


def _prepare_mail(event: Recorded) -> tuple[Mail, InvoiceFacts] | None:
    """None when it went out before: each mail is sent once, however often it is queued."""
    queued = mailing.unsent(event.payload["mail_id"])
    if queued is None:
        return None
    facts = facts_of(event.subject_id)
    mail = email.compose(
        "invoice", to=queued.recipients, delivery_id=event.delivery_id,
        title=facts.title, urgency="info", facts=facts,
    )  # fmt: skip
    return mail, facts


def _perform_mail(prepared: tuple[Mail, InvoiceFacts], delivery_id: int) -> None:
    mail, facts = prepared
    pdf = Attachment(f"{facts.number}.pdf", documents.render("invoice", facts))
    whole = replace(mail, attachments=(pdf,))
    CHANNELS[Channel.EMAIL].send(whole, current_app.extensions["settings"])


def _settle_mail(event: Recorded, result: None) -> None:
    mailing.mark_sent(mail_id=event.payload["mail_id"], at=now())


mail_invoice = Outside(prepare=_prepare_mail, perform=_perform_mail, settle=_settle_mail)
