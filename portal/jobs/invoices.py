"""Printing invoices and credit notes: facts in a short transaction, the PDF with none open, then its place."""

from hashlib import sha256
from typing import NamedTuple

from portal import documents, storage
from portal.clock import now
from portal.domain.billing import printing
from portal.domain.billing.documents import InvoiceFacts
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
