"""A run whose drafts a person decides about."""

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import billing, company
from portal.domain.billing import approving, running
from portal.domain.billing.models import Invoice, RecurringBilling
from portal.domain.errors import Refused
from portal.domain.words import InvoiceStatus, JobState
from portal.jobs.worker import drain_all
from portal.outbox import EventRecord
from tests.factories import make_service

SERVICES = 5
pytestmark = pytest.mark.usefixtures("session", "clock")


@pytest.fixture
def held():
    """A run of five drafts."""
    with transaction():
        company.change(values={"approve_runs": True}, by=None, at=portal_clock.now())
    for _ in range(SERVICES):
        make_service(status="active")
    drain_all()
    with transaction():
        return running.run(as_of=portal_clock.today(), at=portal_clock.now())


def decide(verb, run):
    with transaction():
        verb(run_id=run.id, by=None, at=portal_clock.now())


def by_status() -> dict[InvoiceStatus, int]:
    return dict(db.session.execute(sa.select(Invoice.status, sa.func.count()).group_by(Invoice.status)).all())


def test_a_run_is_approved_as_a_whole_in_pages(held, monkeypatch):
    monkeypatch.setitem(approving.DRAFTS_A_PAGE, False, 2)
    assert approving.held(held.id).drafts == SERVICES
    decide(approving.approve, held)
    assert (held.state, by_status()) == (JobState.RUNNING, {InvoiceStatus.DRAFT: SERVICES})
    drain_all()
    db.session.expire_all()
    assert (held.state, by_status()) == (JobState.DONE, {InvoiceStatus.ISSUED: SERVICES})
    numbers = db.session.scalars(sa.select(Invoice.number).order_by(Invoice.id)).all()
    assert numbers == [f"INV-{number:06}" for number in range(1, SERVICES + 1)]
    decision = db.session.scalars(sa.select(EventRecord).filter_by(kind="billing_run_decided")).one()
    assert decision.payload["drafts"] == SERVICES and decision.payload["decision"] == "approved"


def test_a_discarded_run_is_billed_again_by_the_next(held, monkeypatch):
    monkeypatch.setitem(approving.DRAFTS_A_PAGE, True, 2)
    total = held.totals
    decide(approving.discard, held)
    drain_all()
    assert (held.is_discarded, by_status()) == (True, {})
    with transaction():
        again = running.run(as_of=portal_clock.today(), at=portal_clock.now())
    assert (again.invoices, again.totals) == (SERVICES, total)


def test_one_draft_can_be_issued_alone_and_the_rest_approved(held):
    first = db.session.scalars(sa.select(Invoice.id).order_by(Invoice.id)).first()
    with transaction():
        billing.issue(invoice_id=first, at=portal_clock.now())
    assert approving.held(held.id).drafts == SERVICES - 1
    decide(approving.approve, held)
    drain_all()
    assert by_status() == {InvoiceStatus.ISSUED: SERVICES}


def test_it_is_decided_once(held):
    decide(approving.approve, held)
    with pytest.raises(Refused):
        decide(approving.discard, held)
    drain_all()
    with pytest.raises(Refused):
        decide(approving.approve, held)


def test_the_setting_that_a_run_began_with_holds_for_all_of_it(held):
    assert held.holds_drafts
    with transaction():
        company.change(values={"approve_runs": False}, by=None, at=portal_clock.now())
    db.session.execute(sa.update(RecurringBilling).values(next_bill_date=portal_clock.today()))
    with transaction():
        assert not running.start(as_of=portal_clock.today(), at=portal_clock.now()).holds_drafts
