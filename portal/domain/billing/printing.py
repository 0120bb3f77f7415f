"""The PDF of a document: asked for by a person, printed in the background, kept with its checksum."""

from datetime import datetime

from portal.db import fetch, lock
from portal.domain.billing.documents import InvoiceFacts, facts
from portal.domain.billing.models import Invoice
from portal.domain.errors import Refused
from portal.domain.events import InvoicePdfRequested
from portal.domain.words import InvoiceStatus
from portal.signals import send

MOST_LINES = 5_000


def ask_for_pdf(*, invoice_id: int, by: int | None = None, at: datetime) -> Invoice:
    """Have the PDF printed unless it is there or under way. Raises Refused for a draft, which may still change."""
    invoice = lock(Invoice, invoice_id)
    if invoice.status is InvoiceStatus.DRAFT:
        raise Refused("A draft may still change. Issue it, then make its PDF.")
    if len(invoice.lines) > MOST_LINES:
        raise Refused(
            f"It has more than {MOST_LINES} lines, too many for a PDF. Export the list of invoices instead."
        )
    if invoice.pdf_key is None and invoice.pdf_asked_at is None:
        invoice.pdf_asked_at = at
        send(InvoicePdfRequested(invoice_id=invoice_id), by=by, at=at)
    return invoice


def to_print(invoice_id: int) -> tuple[int, InvoiceFacts] | None:
    """(version, facts) of what is to be printed; None when it is printed."""
    invoice = fetch(Invoice, invoice_id)
    return None if invoice.pdf_key else (invoice.version, facts(invoice_id))


def keep_pdf(*, invoice_id: int, version: int, key: str, sha256: str, at: datetime) -> None:
    """The file is there. When the document changed meanwhile it is printed again."""
    invoice = lock(Invoice, invoice_id)
    if invoice.version == version:
        invoice.pdf_key, invoice.pdf_sha256 = key, sha256
    elif invoice.pdf_key is None:
        invoice.pdf_asked_at = at
        send(InvoicePdfRequested(invoice_id=invoice_id), by=None, at=at)
