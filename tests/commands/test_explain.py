"""`portal explain`: one service, told from the order to the notices."""

import json

import pytest

from portal import clock
from portal.domain.errors import NotFound
from portal.jobs import batches
from portal.jobs.worker import drain_all
from tests.commands.running import run
from tests.factories import Cast, make_client, make_service


@pytest.fixture
def service_id(environment):
    cast = Cast.assemble()
    client = make_client(account_manager_id=cast.ana.id, code="ACME", name="Acme")
    service = make_service(status="active", client=client, setup_cost_minor=500_00)
    make_service(status="active", client=client)
    drain_all()
    batches.bill(clock.today())
    return service.id


def test_the_story_holds_everything_of_one_service_and_nothing_of_another(service_id):
    told = json.loads(run("explain", str(service_id), "--json").output)
    assert (told["service"]["id"], told["service"]["client"]) == (service_id, "Acme (ACME)")
    kinds = [event["kind"] for event in told["events"]]
    assert kinds == ["service_provisioned", "service_activated", "recurring_billing_created"]
    assert [schedule["status"] for schedule in told["schedules"]] == ["active"]
    assert [(line["kind"], line["amount_minor"]) for line in told["lines"]] == [
        ("setup_fee", 500_00),
        ("recurring", 1_000_00),
    ]
    assert [movement["kind"] for movement in told["movements"]] == ["new"]
    listeners = {each["listener"] for each in told["deliveries"]}
    assert {"create_recurring_billing", "notify_service_activated"} <= listeners
    assert {notice["person"] for notice in told["notices"]} >= {"Ana Reyes", "Adi Okoro"}


def test_in_words_it_names_amounts_documents_and_people(service_id):
    shown = run("explain", str(service_id))
    assert shown.exit_code == 0
    for words in ("number INV-000001", "amount 500.00 USD", "kind service_activated", "person Ana Reyes"):
        assert words in shown.output


def test_a_service_that_is_not_there_is_refused(service_id):
    refused = run("explain", "S99999")
    assert isinstance(refused.exception, NotFound)
    assert "There is no service S99999" in str(refused.exception)
