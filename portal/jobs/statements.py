"""Printing statements of account: facts in a short transaction, the PDF with none open, then its place."""

from hashlib import sha256
from typing import NamedTuple

from portal import documents, storage
from portal.domain.receivables import statements
from portal.domain.receivables.statements import StatementFacts
from portal.outbox import Outside, Recorded


class Printed(NamedTuple):
    key: str
    sha256: str


def _prepare(event: Recorded) -> StatementFacts | None:
    return statements.to_print(event.subject_id)


def _perform(facts: StatementFacts, delivery_id: int) -> Printed:
    pdf = documents.render("statement", facts)
    digest = sha256(pdf).hexdigest()
    key = f"statements/{delivery_id}-{digest[:16]}.pdf"
    storage.reports().put(key, pdf)
    return Printed(key, digest)


def _settle(event: Recorded, printed: Printed) -> None:
    statements.keep_pdf(statement_id=event.subject_id, key=printed.key, sha256=printed.sha256)


print_statement = Outside(prepare=_prepare, perform=_perform, settle=_settle)
