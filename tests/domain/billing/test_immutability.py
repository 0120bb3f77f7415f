"""M5 and M6: an issued document cannot change, whoever asks; its numbers have no gap."""

from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import billing
from portal.domain.billing import drafts
from portal.domain.billing.models import Invoice, InvoiceLine, InvoiceTax
from portal.domain.billing.settling_models import Allocation, Payment, Refund
from portal.domain.errors import Refused
from portal.domain.invariants import check_all
from portal.domain.words import InvoiceStatus
from tests.domain.billing.settling import act, active, documents, run, usd
from tests.factories import make_client

START = date(2026, 1, 1)
# What still moves on an issued document: its state, what was paid, why and when it is void, its PDF, its lock.
MOVES = {
    "invoices": {
        "id", "status", "paid_minor", "void_reason", "voided_on", "pdf_asked_at", "pdf_key", "pdf_sha256",
        "version",
    },
    "invoice_lines": {"id", "is_void"},
}  # fmt: skip
OTHER = {
    sa.BigInteger: "coalesce({0}, 0) + 1",
    sa.Integer: "coalesce({0}, 0) + 1",
    sa.Numeric: "{0} + 1",
    sa.Date: "coalesce({0}, DATE '2026-01-01') + 1",
    sa.DateTime: "{0} + interval '1 day'",
    sa.Boolean: "NOT {0}",
    sa.JSON: """'{{"seller": 1}}'""",
}
WORDS = {"currency": "'EUR'", "kind": "CASE {0} WHEN 'invoice' THEN 'credit_note' ELSE 'setup_fee' END"}
FROZEN = (Invoice, InvoiceLine, InvoiceTax, Payment, Allocation, Refund)


def columns() -> Iterator[tuple[str, str, str]]:
    """(table, column, another value for it) of everything that says money, party, period or number."""
    for model in FROZEN:
        for column in model.__table__.columns:
            if column.name in MOVES.get(model.__tablename__, {"id"}):
                continue
            by_type = (sql for kind, sql in OTHER.items() if isinstance(column.type, kind))
            other = WORDS.get(column.name) or next(by_type, "coalesce({0}, '') || 'x'")
            yield model.__tablename__, column.name, other.format(column.name)


@pytest.fixture
def issued(session, clock):
    """An issued invoice with tax, paid in part, an account credit that was paid back in part, and allocations."""
    clock.set(START)
    service = active(client=make_client(tax_rate_percent=20))
    run(clock, START)
    (invoice,) = documents()
    act(billing.record_payment, invoice_id=invoice.id, amount=usd("1.00"), received_on=START)
    act(billing.record_payment, client_id=service.client_id, amount=usd("5.00"), received_on=START)
    act(billing.refund, client_id=service.client_id, amount=usd("2.00"), refunded_on=START)
    return invoice


@pytest.mark.parametrize(("table", "column", "other"), list(columns()))
def test_no_column_of_an_issued_document_or_of_money_changes(issued, table, column, other):
    change = sa.text(f"UPDATE {table} SET {column} = {other}")
    with pytest.raises(DBAPIError) as refusal, db.session.begin_nested():
        db.session.execute(change)
    assert refusal.value.orig.sqlstate == "23001"


@pytest.mark.parametrize("table", [model.__tablename__ for model in FROZEN])
def test_nothing_issued_is_deleted(issued, table):
    with pytest.raises(DBAPIError) as refusal, db.session.begin_nested():
        db.session.execute(sa.text(f"DELETE FROM {table}"))
    assert refusal.value.orig.sqlstate == "23001"


def test_what_moves_on_an_issued_document_is_only_this(issued):
    known = {column.name for column in Invoice.__table__.columns}
    assert MOVES["invoices"] < known
    with transaction():
        issued.pdf_key = "x"
    assert documents()[0].pdf_key == "x"


@pytest.mark.parametrize(
    ("row", "change"),
    [
        (lambda invoice: invoice, {"total_minor": 1, "subtotal_minor": 1, "tax_minor": 0}),
        (lambda invoice: invoice, {"notes": "other"}),
        (lambda invoice: invoice.lines[0], {"amount_minor": 1}),
        (lambda invoice: invoice.taxes[0], {"tax_minor": 1}),
    ],
)
def test_the_orm_changes_nothing_that_is_issued(issued, row, change):
    for name, value in change.items():
        setattr(row(issued), name, value)
    with pytest.raises(DBAPIError, match="issued"):
        db.session.flush()


@pytest.mark.parametrize(
    ("verb", "facts"),
    [
        (drafts.edit_draft, {"notes": "other"}),
        (drafts.add_line, {"words": "More", "amount": usd("1.00")}),
        (drafts.remove_line, {"line_id": 1}),
        (billing.delete_draft, {}),
    ],
)
def test_no_verb_of_drafts_touches_an_issued_document(issued, verb, facts):
    with pytest.raises(Refused):
        act(verb, invoice_id=issued.id, **facts)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("edit", {"po_number": "X", "notes": "X"}),
        ("lines/new", {"words": "X", "amount": "1.00", "tax_rate_percent": "0"}),
        ("delete", {}),
    ],
)
def test_no_page_touches_an_issued_document(browser, cast, issued, path, form):
    browser.sign_in(cast.adi)
    before = (issued.total_minor, issued.notes, issued.po_number, len(issued.lines))
    assert browser.post(f"/invoices/{issued.id}/{path}", form).status == 409
    (after,) = documents()
    assert (after.total_minor, after.notes, after.po_number, len(after.lines)) == before


def test_issuing_again_changes_nothing(issued):
    number, day = issued.number, issued.issued_on
    act(billing.issue, invoice_id=issued.id)
    assert (issued.number, issued.issued_on, issued.status) == (number, day, InvoiceStatus.PARTLY_PAID)


class Torn(Exception):
    """Something fails after the number was taken."""


def test_fifty_rollbacks_leave_no_gap_in_the_numbers(live, clock):
    """Between them drafts are issued for good; numbers are 1 to 26 in the order of issuing."""
    client, at = make_client(), portal_clock.now()

    def draft() -> int:
        with transaction():
            made = drafts.new_draft(client_id=client.id, at=at).id
            drafts.add_line(invoice_id=made, words="Work", amount=usd("1.00"), at=at)
            return made

    def torn(invoice_id: int) -> None:
        with transaction():
            assert billing.issue(invoice_id=invoice_id, at=at).number
            raise Torn

    waiting = draft()
    for turn in range(50):
        with pytest.raises(Torn):
            torn(waiting)
        if turn % 2:
            with transaction():
                billing.issue(invoice_id=waiting, at=at)
            waiting = draft()
    with transaction():
        billing.issue(invoice_id=waiting, at=at)
        findings = {each.name: each.violations for each in check_all()}
    numbers = db.session.scalars(sa.select(Invoice.number).order_by(Invoice.id)).all()
    assert numbers == [f"INV-{number:06}" for number in range(1, 27)]
    assert (findings["numbers_without_gap_or_repeat"], findings["only_drafts_have_no_number"]) == (0, 0)


def test_no_column_of_the_schema_is_a_float(session):
    floats = sa.text(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND data_type IN ('real', 'double precision', 'money')"
    )
    assert db.session.execute(floats).all() == []
