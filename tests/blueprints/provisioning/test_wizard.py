"""Selling by the wizard and setting up by the checklist, without JavaScript."""

import pytest

from portal.db import db
from portal.domain import provisioning
from portal.domain.lifecycle import ClientService
from portal.domain.lifecycle.rules import ProvisioningStatus
from portal.domain.provisioning.models import WizardDraft
from tests.factories import make_client, make_contact, make_policy, make_product, make_service

TERMS = {
    "name": "Backup – Acme", "start_date": "2026-12-01", "billing_cycle": "monthly", "quantity": "3",
    "unit_price": "149.95", "setup_cost": "500.00", "renewal_term_months": "12", "auto_renewal": "y",
    "notice_days": "30", "contract_id": "",
}  # fmt: skip


@pytest.fixture
def world(cast, clock):
    client = make_client(name="Acme & Sons", billing_day=1)
    make_contact(client)
    policy = make_policy(name="gold")
    product = make_product(
        name="Cloud Backup",
        cycle_price_minor=14_995,
        sla_policy_id=policy.id,
        checklist=("Size it*", "Restore test*"),
    )
    return {"client": client, "product": product, "policy": policy}


def walk_to(browser, world, last="review"):
    answer = browser.post("/provisioning/new", {"client_id": world["client"].id})
    here = answer.headers["Location"]
    for step, form in (
        ("product", {"product_id": world["product"].id}),
        ("terms", TERMS),
        ("people", {"technician_id": "", "backup_technician_id": "", "escalation_contact_id": ""}),
        ("sla", {"sla_policy_id": world["policy"].id, "availability_target": "", "service_hours": "office"}),
        ("monitoring", {"monitoring_enabled": "y"}),
    ):
        if step == last:
            return here
        answer = browser.post(here, form)
        assert answer.status == 303, answer.text
        here = answer.headers["Location"]
    return here


def test_the_whole_way_makes_one_service(browser, cast, world):
    browser.sign_in(cast.ana)
    review = walk_to(browser, world)
    text = browser.get(review).text
    for words in ("449.85 USD a month", "500.00 USD", "949.85", "5,898.20", "Acme & Sons"):
        assert words in text
    first = browser.post(review.replace("review", "finish")).headers["Location"]
    assert browser.post(review.replace("review", "finish")).headers["Location"] == first
    service = db.session.query(ClientService).one()
    assert first == f"/services/{service.id}"
    assert (service.cycle_price_minor, service.quantity, service.setup_cost_minor) == (44_985, 3, 50_000)
    assert (service.auto_renewal, service.monitoring_enabled, service.sla_policy_id) == (
        True,
        True,
        world["policy"].id,
    )


def test_going_back_keeps_what_was_entered_and_another_product_forgets_its_terms(browser, cast, world):
    browser.sign_in(cast.ana)
    here = walk_to(browser, world)
    terms = here.replace("review", "terms")
    assert browser.get(terms).value("unit_price") == "149.95"
    other = make_product(name="Hosting", cycle_price_minor=9_900)
    browser.post(here.replace("review", "product"), {"product_id": other.id})
    assert browser.get(terms).value("unit_price") == "99.00"
    assert "Still open: Terms and price" in browser.get(here).text
    assert browser.post(here.replace("review", "finish")).status == 409


def test_a_draft_is_left_and_taken_up_elsewhere(browser, cast, world):
    browser.sign_in(cast.ana)
    here = walk_to(browser, world, "terms")
    assert browser.post(here, TERMS | {"leave": "1"}).headers["Location"] == "/provisioning"
    page = browser.get("/provisioning/new")
    assert "Acme & Sons" in page.text and "People" in page.text
    assert page.soup.find("a", href=here.replace("terms", "people"))


def test_a_draft_of_somebody_else_does_not_exist(browser, cast, world):
    here = walk_to(browser.sign_in(cast.ana), world, "terms")
    browser.sign_in(cast.adi)
    assert browser.get(here).status == 404
    assert browser.post(here, TERMS).status == 404
    assert browser.post(here.replace("terms", "finish")).status == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " "), ("unit_price", "1.234"), ("unit_price", "abc"), ("setup_cost", "-1"), ("quantity", "0"),
     ("start_date", "2026-02-30"), ("renewal_term_months", "999"), ("billing_cycle", "fortnightly")],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_the_field_and_the_rest_is_kept(browser, cast, world, field, value):
    here = walk_to(browser.sign_in(cast.ana), world, "terms")
    page = browser.post(here, TERMS | {field: value})
    assert page.status == 422
    assert page.soup.find(id=f"{field}-error")
    assert page.value("notice_days") == "30"


def test_the_price_comes_from_the_server(browser, cast, world):
    here = walk_to(browser.sign_in(cast.ana), world)
    browser.post(here.replace("review", "people"), {"cycle_price_minor": "1", "unit_price_minor": "1"})
    browser.post(here.replace("review", "finish"), {"cycle_price_minor": "1", "status": "active"})
    service = db.session.query(ClientService).one()
    assert (service.cycle_price_minor, service.status) == (44_985, "pending")


def test_a_client_in_another_currency_is_asked_for_a_price(browser, cast, world):
    world["client"] = make_client(name="Yamato 株式会社", currency="JPY")
    here = walk_to(browser.sign_in(cast.ana), world, "terms")
    assert browser.get(here).value("unit_price") == "0"
    assert browser.post(here, TERMS).status == 422
    assert browser.post(here, TERMS | {"unit_price": "15000", "setup_cost": "0"}).status == 303


def test_a_draft_can_be_thrown_away(browser, cast, world):
    here = walk_to(browser.sign_in(cast.ana), world)
    browser.post(here.replace("review", "drop"))
    assert db.session.query(WizardDraft).count() == 0


def test_the_technician_takes_sets_up_and_completes(browser, cast, world):
    service = make_service(client=world["client"], product=world["product"])
    at = f"/provisioning/{service.id}"
    browser.sign_in(cast.tom)
    assert "needs a technician" in browser.get("/provisioning").text
    browser.post(f"{at}/take")
    browser.post(f"{at}/start")
    refused = browser.post(f"{at}/complete")
    assert refused.status == 409 and "finish the task “Size it”" in refused.text
    for task in provisioning.tasks_of(service.id):
        browser.post(f"{at}/tasks/{task.id}", {"done": "1"})
    assert "Tom Vale" in browser.get(at).text
    browser.post(f"{at}/complete")
    assert db.session.get_one(ClientService, service.id).provisioning_status is ProvisioningStatus.COMPLETED
    assert "Ready to activate 1" in browser.get("/provisioning").text


def test_a_failure_needs_a_reason_and_is_tried_again(browser, cast, world):
    service = make_service(product=world["product"])
    at = f"/provisioning/{service.id}"
    browser.sign_in(cast.tom).post(f"{at}/start")
    assert browser.post(f"{at}/fail", {"reason": ""}).status == 422
    browser.post(f"{at}/fail", {"reason": "no access"})
    assert "no access" in browser.get("/provisioning").text
    browser.post(f"{at}/start")
    assert db.session.get_one(ClientService, service.id).provisioning_status is ProvisioningStatus.IN_PROGRESS


def test_people_sla_and_monitoring_are_set_from_the_checklist(browser, cast, world):
    service = make_service()
    at = f"/provisioning/{service.id}"
    browser.sign_in(cast.tom)
    assert (
        browser.post(
            f"{at}/assign", {"technician_id": cast.tom.id, "backup_technician_id": cast.tom.id}
        ).status
        == 422
    )
    browser.post(f"{at}/assign", {"technician_id": cast.tom.id, "backup_technician_id": ""})
    assert browser.post(f"{at}/sla", {"sla_policy_id": ""}).status == 422
    browser.post(f"{at}/sla", {"sla_policy_id": world["policy"].id, "availability_target": "99.5"})
    browser.post(f"{at}/monitoring", {"enabled": "1"})
    text = browser.get(at).text
    assert "gold" in text and "99.5 %" in text and "Measured from activation" in text


def test_a_viewer_looks_and_touches_nothing(browser, cast, world):
    service = make_service(product=world["product"])
    browser.sign_in(cast.vic)
    assert not browser.get(f"/provisioning/{service.id}").soup.find("main").find_all("form")
    assert browser.post(f"/provisioning/{service.id}/start").status == 403
