"""The board: what stands on it and in which order, at which price, who may act, and many at once."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import lifecycle, renewals
from portal.domain.clients.models import Contract
from portal.domain.lifecycle import ClientService
from portal.domain.periods import Cycle
from portal.domain.renewals import board
from portal.domain.renewals.models import RenewalCase
from portal.domain.renewals.prices import price_of
from portal.domain.words import RenewalDecision
from portal.jobs import batches
from portal.jobs.worker import drain_all
from tests.factories import make_client, make_product, make_service

pytestmark = pytest.mark.usefixtures("session")
START, ENDS, TODAY = date(2026, 1, 15), date(2027, 1, 15), date(2026, 12, 20)


@pytest.fixture(autouse=True)
def in_december(clock):
    clock.set(TODAY)


def selling(ends=ENDS, **facts):
    """An active service whose term ends on that day; decided thirty days before, unless it says otherwise."""
    return make_service(status="active", start_date=START, end_date=ends, **facts)


def act(verb, **facts):
    with transaction():
        return verb(**facts, by=None, at=portal_clock.now())


def names(page):
    return [cell.get_text(strip=True) for cell in page.soup.select("td.is-key > a")]


def row_of(page, name):
    (key,) = [each for each in page.soup.select("td.is-key > a") if each.get_text(strip=True) == name]
    return " ".join(key.find_parent("tr").get_text(" ", strip=True).split())


def test_decisions_that_are_past_due_stand_on_top_and_the_rest_by_its_day(browser, cast):
    product = make_product(name="P")
    for name, ends, by_itself in (
        ("later", ENDS + timedelta(days=60), False),
        ("by itself", ENDS, True),
        ("late", ENDS, False),
        ("next", TODAY + timedelta(days=35), False),
    ):
        selling(ends, product=product, name=name, auto_renewal=by_itself)
    browser.sign_in(cast.ana)
    page = browser.get("/renewals")
    assert names(page) == ["late", "next", "by itself", "later"]
    assert "decision was due" in row_of(page, "late")
    assert "renews" in row_of(page, "by itself")


def test_each_tab_counts_what_it_lists(browser, cast):
    late, soon, by_itself, denied, approved = (
        selling(ends, name=name, auto_renewal=auto).id
        for name, ends, auto in (
            ("late", ENDS, False), ("soon", ENDS + timedelta(days=50), False), ("auto", ENDS, True),
            ("denied", ENDS, True), ("approved", ENDS, False),
        )
    )  # fmt: skip
    act(renewals.deny, service_id=denied, reason="too dear")
    act(renewals.approve, service_id=approved)
    grace = selling(TODAY - timedelta(days=3), name="grace").id
    expected = {
        board.View.OVERDUE: {late, grace}, board.View.IN_30_DAYS: set(), board.View.IN_60_DAYS: {soon},
        board.View.IN_90_DAYS: {soon}, board.View.BY_ITSELF: {by_itself}, board.View.APPROVED: {approved},
        board.View.GRACE: {grace}, board.View.DENIED: {denied},
    }  # fmt: skip
    counted = board.counts(TODAY)
    browser.sign_in(cast.ana)
    for view, ids in expected.items():
        found = set(db.session.scalars(board.listing(TODAY).where(board.in_views([view], TODAY))))
        assert (view, found, counted[view]) == (view, ids, len(ids))
        assert len(names(browser.get(f"/renewals?view={view.value}"))) == len(ids)


def test_a_row_says_price_reason_debt_and_why_it_was_held(browser, cast, clock):
    client = make_client(name="Acme", payment_terms_days=0, account_manager_id=cast.ana.id)
    product = make_product(uplift_percent=Decimal("2.5"), cycle_price_minor=10_000)
    clock.set(START)
    selling(client=client, product=product, name="Backup", auto_renewal=True)
    drain_all()
    batches.bill(START)
    clock.set(ENDS)
    batches.renew(ENDS)
    browser.sign_in(cast.ana)
    row = row_of(browser.get("/renewals"), "Backup")
    for said in ("100.00 USD", "102.50 USD", "uplift of 2.5 %", "Ana Reyes", "owes 100.00 USD overdue"):
        assert said in row


def test_who_sees_no_money_sees_no_price_and_who_may_not_renew_no_buttons(browser, cast):
    selling(name="Backup")
    for user, money, acts in ((cast.tom, False, False), (cast.fay, True, False), (cast.ana, True, True)):
        browser.sign_in(user)
        row = row_of(browser.get("/renewals"), "Backup")
        assert (("USD" in row), ("Approve" in row)) == (money, acts)


def test_the_export_has_the_prices(browser, cast):
    selling(name="Backup", product=make_product(uplift_percent=Decimal(10), cycle_price_minor=10_000))
    browser.sign_in(cast.ana)
    text = browser.get("/renewals?export=csv").body
    assert "New price" in text
    assert "110.00" in text


@given(
    cycle=st.sampled_from([each for each in Cycle if each is not Cycle.ONE_TIME]),
    base_cycle=st.sampled_from(list(Cycle)),
    price=st.integers(0, 10**9),
    base=st.integers(0, 10**9),
    quantity=st.integers(1, 50),
    uplift=st.decimals(0, 40, places=4),
    own=st.none() | st.decimals(0, 40, places=2),
    cap=st.none() | st.decimals(0, 40, places=2),
    foreign=st.booleans(),
)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_board_s_price_is_the_renewal_price(
    clock, cycle, base_cycle, price, base, quantity, uplift, own, cap, foreign
):
    client = make_client()
    product = make_product(
        billing_cycle=base_cycle, cycle_price_minor=base, uplift_percent=uplift, uplift_cap_percent=cap,
        currency="EUR" if foreign else "USD",
    )  # fmt: skip
    contract = Contract(client_id=client.id, number=f"C-{client.id}", start_date=START, uplift_percent=own)
    with transaction():
        db.session.add(contract)
    made = selling(
        client=client, product=product, contract_id=contract.id, billing_cycle=cycle, quantity=quantity,
        cycle_price_minor=price,
    )  # fmt: skip
    offer = price_of(made)
    row = db.session.execute(board.listing(TODAY).where(ClientService.id == made.id)).one()
    assert (row.new_price_minor, row.price_reason) == (offer.price.minor, offer.reason)


def form_of(page):
    return [
        (each["name"], each.get("value", ""))
        for each in page.soup.select(
            "#main form[method=post] input[name], #main form[method=post] textarea[name]"
        )
        if each.get("type") != "submit"
    ]


def test_approving_names_the_price_and_keeps_what_is_agreed(browser, cast):
    service_id = selling(name="Backup", product=make_product(cycle_price_minor=10_000)).id
    browser.sign_in(cast.ana)
    page = browser.get(f"/renewals/{service_id}/approve")
    assert "Approve for 12 months at 100.00 USD" in page.text
    sent = dict(form_of(page)) | {"months": "24", "price": "95.00"}
    assert (
        "Approve for 24 months at 95.00 USD"
        in browser.post(f"/renewals/{service_id}/approve", sent | {"preview": "yes"}).text
    )
    browser.post(f"/renewals/{service_id}/approve", sent)
    case = db.session.scalars(sa.select(RenewalCase).filter_by(client_service_id=service_id)).one()
    assert (case.agreed_price_minor, case.agreed_months) == (9_500, 24)
    assert "Approved for 24 months" in row_of(browser.get("/renewals"), "Backup")


@pytest.mark.parametrize(
    ("move", "sent", "fault"),
    [
        ("approve", {"months": "0"}, "1 to 120 months"),
        ("approve", {"months": "12", "price": "ninety"}, "price"),
        ("deny", {"reason": ""}, "Say why it is not renewed"),
        ("note", {"text": "", "next_contact_on": ""}, "Enter a note"),
    ],
)
def test_what_is_missing_is_said_at_the_field_and_nothing_happens(browser, cast, move, sent, fault):
    service_id = selling(name="Backup").id
    browser.sign_in(cast.ana)
    answer = browser.post(f"/renewals/{service_id}/{move}", sent)
    assert answer.status == 422
    assert fault in answer.text
    assert db.session.get_one(ClientService, service_id).renewal_decision is RenewalDecision.UNDECIDED


def test_denying_says_the_day_and_can_be_withdrawn(browser, cast):
    service_id = selling(name="Backup", auto_renewal=True).id
    browser.sign_in(cast.ana)
    assert "Deny and end it on 15 Jan 2027" in browser.get(f"/renewals/{service_id}/deny").text
    browser.post(f"/renewals/{service_id}/deny", {"reason": "too dear"})
    assert "too dear" in row_of(browser.get("/renewals?view=denied"), "Backup")
    browser.post(f"/renewals/{service_id}/withdraw-denial", {})
    assert names(browser.get("/renewals?view=denied")) == []
    assert db.session.get_one(ClientService, service_id, populate_existing=True).auto_renewal


def test_what_cannot_be_decided_now_says_so(browser, cast):
    service_id = selling(name="Backup").id
    browser.sign_in(cast.ana)
    for move in ("withdraw-denial", "extend-grace"):
        assert browser.get(f"/renewals/{service_id}/{move}").status == 409


def test_grace_is_extended_on_a_page(browser, cast):
    service_id = selling(TODAY - timedelta(days=3), name="Backup").id
    browser.sign_in(cast.ana)
    assert "runs on until" in browser.get(f"/renewals/{service_id}/extend-grace").text
    browser.post(f"/renewals/{service_id}/extend-grace", {"days": "10", "reason": "still talking"})
    case = db.session.scalars(sa.select(RenewalCase).filter_by(client_service_id=service_id)).one()
    assert case.grace_until == TODAY + timedelta(days=37)


def test_the_page_of_the_service_has_the_decisions(browser, cast):
    service_id = selling(name="Backup").id
    browser.sign_in(cast.ana)
    page = browser.get(f"/services/{service_id}")
    assert page.soup.select_one(f"a[href='/renewals/{service_id}/approve']")
    assert not page.soup.select_one(f"a[href='/renewals/{service_id}/extend-grace']")


def test_many_are_shown_with_their_prices_and_approved_as_shown(browser, cast):
    product = make_product(cycle_price_minor=10_000, uplift_percent=Decimal(10))
    ready = [selling(name=f"Backup {number}", product=product).id for number in range(3)]
    leaving = selling(name="Leaving", product=product).id
    act(renewals.deny, service_id=leaving, reason="no")
    browser.sign_in(cast.ana)
    page = browser.get("/renewals/bulk/approve?all=1")
    assert "now 300.00 USD, then 330.00 USD" in " ".join(page.soup.get_text().split())
    assert "Left out" in page.text
    with transaction():
        row = db.session.get_one(ClientService, ready[2])
        row.product.uplift_percent = Decimal(10)
        row.cycle_price_minor = 20_000
    sent = {"shown": [value for name, value in form_of(page) if name == "shown"]}
    browser.post("/renewals/bulk/approve", sent)
    drain_all()
    agreed = dict(
        db.session.execute(sa.select(RenewalCase.client_service_id, RenewalCase.agreed_price_minor)).all()
    )
    assert agreed == {ready[0]: 11_000, ready[1]: 11_000, leaving: None}
    messages = db.session.scalars(sa.text("SELECT message FROM bulk_items ORDER BY client_service_id")).all()
    assert messages[:2] == ["Approved", "Approved"]
    assert "another one than you were shown" in messages[2]


def test_nothing_chosen_says_so(browser, cast):
    browser.sign_in(cast.ana)
    assert browser.get("/renewals/bulk/approve").status == 409


def test_a_cancelled_one_is_not_on_the_board(browser, cast):
    service_id = selling(name="Backup").id
    act(lifecycle.cancel, service_id=service_id, effective_on=ENDS, reason="moves")
    browser.sign_in(cast.ana)
    assert names(browser.get("/renewals")) == []
