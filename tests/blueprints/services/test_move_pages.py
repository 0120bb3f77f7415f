"""Asking before a move, and making it."""

from datetime import timedelta

import pytest

from portal import clock
from portal.clock import now, today
from portal.db import db, transaction
from portal.domain import billing, lifecycle
from portal.domain.billing import schedules
from portal.domain.lifecycle import ClientService, Status
from portal.domain.periods import add_months
from portal.outbox.models import EventRecord
from tests.browsing import Browser, Page
from tests.factories import Cast, make_client, make_contact, make_service


def stored(service_id: int) -> ClientService:
    return db.session.get_one(ClientService, service_id, populate_existing=True)


def heading_button(page: Page) -> str:
    """What stands on the button that makes the move."""
    return page.soup.select_one("#outcome .form-actions button").text


def a_year_long(**facts):
    return make_service(
        status="active",
        cycle_price_minor=250_000,
        start_date=today(),
        end_date=add_months(today(), 12),
        **facts,
    )


def test_activating_shows_the_first_invoice_and_does_it(browser: Browser, cast: Cast) -> None:
    service = make_service(provisioned=True, cycle_price_minor=250_000, setup_cost_minor=50_000)
    browser.sign_in(cast.ana)
    asked = browser.get(f"/services/{service.id}/activate")
    assert "First invoice of 3,000.00 USD" in asked.text
    answer = browser.post(f"/services/{service.id}/activate")
    assert answer.status == 303
    assert stored(service.id).status is Status.ACTIVE


def test_asking_changes_nothing(browser: Browser, cast: Cast) -> None:
    service = make_service(provisioned=True)
    browser.sign_in(cast.ana).get(f"/services/{service.id}/activate")
    assert stored(service.id).status is Status.PENDING


def test_a_move_that_has_happened_says_so(browser: Browser, cast: Cast) -> None:
    service = make_service(status="active")
    browser.sign_in(cast.ana)
    browser.post(f"/services/{service.id}/activate")
    assert "already" in browser.get(f"/services/{service.id}").text.lower()


def test_only_an_admin_activates_before_the_set_up_is_finished(browser: Browser, cast: Cast) -> None:
    service = make_service()
    refused = browser.sign_in(cast.ana).post(
        f"/services/{service.id}/activate", {"override_reason": "the client waits"}
    )
    assert refused.status == 409 and stored(service.id).status is Status.PENDING
    browser.sign_in(cast.adi)
    assert "set-up is not finished" in browser.get(f"/services/{service.id}/activate").text
    assert browser.post(f"/services/{service.id}/activate").status == 422
    browser.post(f"/services/{service.id}/activate", {"override_reason": "the client waits"})
    assert stored(service.id).status is Status.ACTIVE
    event = db.session.query(EventRecord).filter_by(kind="service_activated", subject_id=service.id).one()
    assert event.payload["override_reason"] == "the client waits"


def test_suspending_says_the_credit_with_its_days(browser: Browser, cast: Cast, clock) -> None:
    clock.set(today().replace(day=1))
    service = make_service(status="active", cycle_price_minor=310_000, start_date=today())
    with transaction():
        schedules.create(service_id=service.id, event_id=1, at=now())
        billing.run(as_of=today(), at=now())
    clock.advance(days=10)
    asked = browser.sign_in(cast.fay).get(f"/services/{service.id}/suspend")
    assert "for 20 of 30 days" in asked.text
    assert heading_button(asked) == "Suspend and credit 2,066.67\u00a0USD"


def test_a_suspension_needs_a_reason(browser: Browser, cast: Cast) -> None:
    service = make_service(status="active")
    answer = browser.sign_in(cast.ana).post(f"/services/{service.id}/suspend", {"reason": "  "})
    assert answer.status == 422 and "the client will ask" in answer.text
    assert stored(service.id).status is Status.ACTIVE


def test_the_fee_stands_on_the_button_and_follows_the_date(browser: Browser, cast: Cast) -> None:
    service = a_year_long()
    browser.sign_in(cast.ana)
    url = f"/services/{service.id}/cancel"
    assert heading_button(browser.get(url)) == "Cancel service and bill 15,000.00\u00a0USD"
    later = add_months(today(), 6).isoformat()
    fresh = {"effective_on": later, "unused": "credit", "reason": "moves away", "preview": "yes"}
    shown = browser.post(url, fresh)
    assert heading_button(shown) == "Cancel service and bill 7,500.00\u00a0USD"
    assert shown.value("reason").strip() == "moves away"
    fragment = browser.post(url, fresh, htmx=True, headers={"HX-Target": "outcome"})
    assert "7,500.00" in fragment.text and not fragment.soup.find("textarea")
    assert stored(service.id).cancel_on is None


def cancelling(service, **changes):
    return {
        "effective_on": today().isoformat(), "unused": "credit", "reason": "moves away", "seen_fee": "1500000",
    } | changes  # fmt: skip


def test_a_fee_that_changed_since_it_was_shown_is_a_conflict_with_both_values(
    browser: Browser, cast: Cast
) -> None:
    service = a_year_long()
    answer = browser.sign_in(cast.ana).post(
        f"/services/{service.id}/cancel", cancelling(service, seen_fee="1400000")
    )
    assert answer.status == 409
    assert "14000.00 USD" in answer.text and "15000.00 USD" in answer.text
    assert answer.value("reason").strip() == "moves away"
    assert answer.value("seen_fee") == "1500000"
    assert stored(service.id).status is Status.ACTIVE


def test_cancelling_keeps_the_fee_that_was_confirmed(browser: Browser, cast: Cast) -> None:
    service = a_year_long()
    browser.sign_in(cast.ana).post(f"/services/{service.id}/cancel", cancelling(service))
    ended = stored(service.id)
    assert (ended.status, ended.cancellation_fee_minor) == (Status.CANCELLED, 1_500_000)


def test_only_an_admin_changes_the_fee_and_only_with_a_reason(browser: Browser, cast: Cast) -> None:
    service = a_year_long()
    url = f"/services/{service.id}/cancel"
    browser.sign_in(cast.ana)
    assert browser.get(url).soup.find(attrs={"name": "fee"}) is None
    browser.sign_in(cast.adi)
    assert browser.post(url, cancelling(service, fee="0")).status == 422
    assert stored(service.id).status is Status.ACTIVE
    browser.post(url, cancelling(service, fee="0", fee_reason="goodwill"))
    ended = stored(service.id)
    assert (ended.cancellation_fee_minor, ended.cancellation_fee_note) == (0, "goodwill")


def test_a_fee_in_the_form_of_somebody_who_may_not_change_it_is_not_read(
    browser: Browser, cast: Cast
) -> None:
    service = a_year_long()
    given = cancelling(service, fee="0", fee_reason="mine")
    browser.sign_in(cast.ana).post(f"/services/{service.id}/cancel", given)
    assert stored(service.id).cancellation_fee_minor == 1_500_000


def test_a_scheduled_cancellation_is_shown_and_can_be_withdrawn(browser: Browser, cast: Cast) -> None:
    service = a_year_long()
    browser.sign_in(cast.ana)
    day = today() + timedelta(days=40)
    computed = lifecycle.fee_preview(service, day).fee.minor
    browser.post(
        f"/services/{service.id}/cancel",
        cancelling(service, effective_on=day.isoformat(), seen_fee=str(computed)),
    )
    page = browser.get(f"/services/{service.id}")
    assert "Cancels in 40 days" in page.text and "Withdraw" in page.text
    assert "is not billed" in browser.get(f"/services/{service.id}/withdraw-cancellation").text
    browser.post(f"/services/{service.id}/withdraw-cancellation")
    assert not stored(service.id).has_scheduled_cancellation


def test_renewing_says_the_price_and_happens_once_for_a_term(browser: Browser, cast: Cast) -> None:
    service = a_year_long()
    browser.sign_in(cast.ana)
    url = f"/services/{service.id}/renew"
    asked = browser.get(url)
    assert heading_button(asked) == "Renew for 12 months at 2,500.00\u00a0USD"
    form = {"months": "12", "term_start": asked.value("term_start")}
    browser.post(url, form)
    browser.post(url, form)
    renewed = stored(service.id)
    assert (renewed.renewal_count, renewed.end_date) == (1, add_months(today(), 24))


def test_a_move_that_a_rule_forbids_says_why_above_what_was_entered(browser: Browser, cast: Cast) -> None:
    service = make_service(status="active", start_date=today() - timedelta(days=5))
    other = make_client(name="Next door", currency=service.currency)
    browser.sign_in(cast.ana)
    form = {"client_id": str(other.id), "effective_on": (today() + timedelta(days=9)).isoformat()}
    refused = browser.post(f"/services/{service.id}/transfer", form)
    assert refused.status == 409 and "Come back on that day" in refused.text
    assert refused.soup.select_one("[name=effective_on]")["value"] == form["effective_on"]
    assert stored(service.id).client_id != other.id


def test_transferring_offers_clients_of_the_same_currency_only(browser: Browser, cast: Cast) -> None:
    service = make_service(status="active")
    near, far = make_client(name="Near Ltd"), make_client(name="Far SA", currency="EUR")
    browser.sign_in(cast.ana)
    asked = browser.get(f"/services/{service.id}/transfer")
    assert "Near Ltd" in asked.text and "Far SA" not in asked.text
    form = {"client_id": str(far.id), "effective_on": today().isoformat()}
    assert browser.post(f"/services/{service.id}/transfer", form).status == 422
    browser.post(f"/services/{service.id}/transfer", form | {"client_id": str(near.id)})
    assert stored(service.id).client_id == near.id


def test_a_technician_assigns_but_does_not_suspend(browser: Browser, cast: Cast) -> None:
    service = make_service(status="active")
    browser.sign_in(cast.tom)
    browser.post(
        f"/services/{service.id}/assign", {"technician_id": str(cast.tom.id), "backup_technician_id": ""}
    )
    assert stored(service.id).technician_id == cast.tom.id
    assert browser.post(f"/services/{service.id}/suspend", {"reason": "no"}).status == 403


def test_the_same_person_is_not_technician_and_backup(browser: Browser, cast: Cast) -> None:
    service = make_service(status="active")
    both = {"technician_id": str(cast.tom.id), "backup_technician_id": str(cast.tom.id)}
    answer = browser.sign_in(cast.ana).post(f"/services/{service.id}/assign", both)
    assert answer.status == 422 and "somebody else" in answer.text


@pytest.mark.parametrize("given", ["\x00", "x\x00y", "\x1b"])
def test_control_characters_in_a_reason_do_no_harm(browser: Browser, cast: Cast, given: str) -> None:
    service = make_service(status="active")
    answer = browser.sign_in(cast.ana).post(f"/services/{service.id}/suspend", {"reason": given})
    assert answer.status in (303, 422)


def form_of(service: ClientService, **changes):
    known = {
        "name": service.name, "service_level": "standard", "priority_level": "normal", "renewal_term_months": "12",
        "notice_days": "30", "version": str(service.version), "tags": "", "escalation_contact_id": "",
        "contract_id": "", "credit_on_suspend": "", "prorate": "y",
    }  # fmt: skip
    return known | changes


def test_editing_saves_and_says_what_changed(browser: Browser, cast: Cast) -> None:
    service = make_service(status="active", name="Backup")
    contact = make_contact(service.client)
    browser.sign_in(cast.ana)
    changes = {"name": "Backup plus", "tags": "gold, east", "escalation_contact_id": str(contact.id)}
    assert browser.post(f"/services/{service.id}/edit", form_of(service, **changes)).status == 303
    saved = stored(service.id)
    assert (saved.name, saved.tags, saved.escalation_contact_id) == (
        "Backup plus",
        ["gold", "east"],
        contact.id,
    )
    assert "Name: Backup → Backup plus" in browser.get(f"/services/{service.id}").text


def test_a_stale_form_shows_both_values_and_overwrites_nothing(browser: Browser, cast: Cast) -> None:
    service = make_service(status="active", name="Backup")
    form = form_of(service, name="Mine")
    browser.sign_in(cast.ana).post(f"/services/{service.id}/edit", form_of(service, name="Theirs"))
    answer = browser.post(f"/services/{service.id}/edit", form)
    assert answer.status == 409
    assert "Mine" in answer.text and "Theirs" in answer.text
    assert answer.value("name") == "Mine"
    assert stored(service.id).name == "Theirs"
    assert (
        browser.post(f"/services/{service.id}/edit", form | {"version": answer.value("version")}).status
        == 303
    )
    assert stored(service.id).name == "Mine"


def test_a_technician_edits_assigned_services_only_and_no_terms(browser: Browser, cast: Cast) -> None:
    theirs, other = make_service(technician_id=cast.tom.id), make_service()
    browser.sign_in(cast.tom)
    assert browser.get(f"/services/{other.id}/edit").status == 403
    assert browser.post(f"/services/{other.id}/edit", form_of(other, name="Mine")).status == 403
    assert browser.get(f"/services/{theirs.id}/edit").soup.find(attrs={"name": "notice_days"}) is None
    browser.post(
        f"/services/{theirs.id}/edit", form_of(theirs, name="Mine", notice_days="1", auto_renewal="y")
    )
    saved = stored(theirs.id)
    assert (saved.name, saved.notice_days, saved.auto_renewal) == ("Mine", 30, False)


def test_faults_stand_beside_their_fields(browser: Browser, cast: Cast) -> None:
    service = make_service()
    answer = browser.sign_in(cast.ana).post(
        f"/services/{service.id}/edit", form_of(service, name="", client_satisfaction="11")
    )
    assert answer.status == 422
    assert "cannot be empty" in answer.text and "from 1 to 10" in answer.text


def test_the_billing_appears_on_the_page_of_a_fresh_activation(browser: Browser, cast: Cast) -> None:
    service = make_service(status="active", cycle_price_minor=250_000)
    browser.sign_in(cast.ana)
    card = browser.get(f"/services/{service.id}").soup.find(id="money")
    assert card["hx-get"] == f"/services/{service.id}/money" and card["hx-trigger"] == "every 2s"
    with transaction():
        schedules.create(service_id=service.id, event_id=1, at=clock.now())
    fragment = browser.get(f"/services/{service.id}/money", htmx=True)
    assert "Recurring billing" in fragment.text
    assert "hx-get" not in fragment.soup.find(id="money").attrs
