"""The book of clients: who may be in it, what an edit changes, when business with one is over."""

from decimal import Decimal

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import clients
from portal.domain.clients.models import Client, Contact
from portal.domain.errors import Invalid, NotFound, Refused, StaleVersion
from portal.domain.lifecycle import ClientService
from portal.outbox import EventRecord
from tests.factories import make_client, make_contact, make_service

pytestmark = pytest.mark.usefixtures("session", "clock")


def act(verb, **facts):
    with transaction():
        return verb(**facts, by=None, at=portal_clock.now())


def faults_of(verb, **facts):
    with pytest.raises(Invalid) as refusal:
        act(verb, **facts)
    return refusal.value.faults


def events_of(client_id):
    rows = sa.select(EventRecord.payload).filter_by(subject_type="client", subject_id=client_id)
    return [
        (payload["what"], payload["changes"]) for payload in db.session.scalars(rows.order_by(EventRecord.id))
    ]


BRIEFLY = {"code": "ACME", "name": "Acme & Sons", "currency": "EUR"}


def test_a_client_begins_with_the_usual_terms():
    client = act(clients.create, **BRIEFLY)
    assert (client.payment_terms_days, client.tax_rate_percent, client.timezone) == (30, Decimal(0), "UTC")
    assert client.is_active
    assert client.consolidate_invoices


def test_a_new_client_is_told_with_what_was_entered(cast):
    client = act(clients.create, **BRIEFLY, account_manager_id=cast.ana.id)
    [(what, changes)] = events_of(client.id)
    assert what == "client added"
    assert changes["code"] == [None, "ACME"]
    assert changes["account_manager"] == ["nobody", "Ana Reyes"]


def test_every_fault_of_a_client_stands_at_its_field():
    bad = {
        "code": "a b", "name": " ", "currency": "ZZZ", "timezone": "Mars", "locale": "xx_YY", "billing_day": "32",
        "payment_terms_days": "-1", "tax_rate_percent": "101", "billing_email": "nobody", "overdue_limit": "ten",
        "address": "a\x00b",
    }  # fmt: skip
    assert faults_of(clients.create, **bad).keys() == bad.keys()


def test_a_code_belongs_to_one_client():
    act(clients.create, **BRIEFLY)
    assert "code" in faults_of(clients.create, **BRIEFLY)


def test_an_overdue_limit_is_an_amount_in_the_clients_currency():
    assert act(clients.create, **BRIEFLY, overdue_limit="250.00").overdue_limit_minor == 25_000
    yen = act(clients.create, code="YEN", name="Yen", currency="JPY", overdue_limit="250")
    assert yen.overdue_limit_minor == 250


@pytest.mark.parametrize("role", ["tom", "vic", "fay"])
def test_only_those_who_keep_clients_are_account_managers(cast, role):
    person = getattr(cast, role)
    assert "account_manager_id" in faults_of(clients.create, **BRIEFLY, account_manager_id=person.id)


def test_an_edit_changes_only_what_differs_and_tells_both_values():
    client = make_client(name="Acme", payment_terms_days=30)
    act(clients.edit, client_id=client.id, version=1, name="Acme", payment_terms_days="45")
    assert events_of(client.id) == [("client changed", {"payment_terms_days": [30, 45]})]
    assert db.session.get_one(Client, client.id).version == 2


def test_an_edit_that_changes_nothing_leaves_no_trace():
    client = make_client(name="Acme")
    act(clients.edit, client_id=client.id, version=1, name=" Acme ")
    assert events_of(client.id) == []
    assert client.version == 1


def test_a_stale_edit_shows_both_values_and_overwrites_nothing():
    client = make_client(name="Acme", payment_terms_days=30)
    act(clients.edit, client_id=client.id, version=1, payment_terms_days="45")
    with pytest.raises(StaleVersion) as refusal:
        act(clients.edit, client_id=client.id, version=1, payment_terms_days="60", name="Acme")
    assert refusal.value.theirs == {"payment_terms_days": ("60", "45")}
    assert db.session.get_one(Client, client.id).payment_terms_days == 45


def test_a_client_keeps_its_code():
    client = make_client(code="ONE")
    assert "code" in faults_of(clients.edit, client_id=client.id, version=1, code="TWO")


def test_the_currency_changes_only_before_the_first_service():
    client = make_client(currency="USD")
    act(clients.edit, client_id=client.id, version=1, currency="EUR")
    assert client.currency == "EUR"
    make_service(client=client, status="cancelled")
    assert "EUR" in faults_of(clients.edit, client_id=client.id, version=2, currency="USD")["currency"]


@pytest.mark.parametrize("status", ["pending", "active", "suspended"])
def test_a_client_with_living_services_stays(status):
    service = make_service(status=status)
    with pytest.raises(Refused, match="Cancel or transfer"):
        act(clients.deactivate, client_id=service.client_id)
    assert db.session.get_one(Client, service.client_id).is_active


def test_the_refusal_names_the_services():
    client = make_client(name="Acme")
    for name in ("Backup", "Desk", "Firewall", "Mail"):
        make_service(client=client, name=name)
    with pytest.raises(Refused, match="Acme still has 4 services: Backup, Desk, Firewall and 1 more"):
        act(clients.deactivate, client_id=client.id)


@pytest.mark.parametrize("status", ["cancelled", "completed"])
def test_a_client_whose_services_are_over_can_go_and_come_back(status):
    client_id = make_service(status=status).client_id
    act(clients.deactivate, client_id=client_id)
    assert client_id not in [each.id for each in clients.active()]
    act(clients.reactivate, client_id=client_id)
    assert client_id in [each.id for each in clients.active()]


GIA = {"name": "Gia Evans", "email": "gia@acme.example", "phone": "", "roles": ["billing"]}


def test_a_contact_gets_mail_by_role_and_is_told():
    client = make_client()
    contact = act(clients.add_contact, client_id=client.id, **GIA)
    assert contact.roles == ["billing"]
    assert events_of(client.id)[0][0] == "contact added: Gia Evans"


def test_an_address_stands_once_at_a_client():
    client = make_client()
    act(clients.add_contact, client_id=client.id, **GIA)
    assert "email" in faults_of(
        clients.add_contact, client_id=client.id, **GIA | {"email": "GIA@acme.example"}
    )
    assert act(clients.add_contact, client_id=make_client().id, **GIA).email == "gia@acme.example"


def test_a_removed_contact_gets_no_mail_and_can_come_back():
    client = make_client()
    contact_id = act(clients.add_contact, client_id=client.id, **GIA).id
    act(clients.remove_contact, contact_id=contact_id)
    assert clients.contacts_of(client.id) == []
    back = act(clients.add_contact, client_id=client.id, **GIA | {"name": "Gia Evans-Roy"})
    assert back.id == contact_id
    assert [each.name for each in clients.contacts_of(client.id)] == ["Gia Evans-Roy"]


def test_an_escalation_contact_stays_until_another_is_named():
    service = make_service(status="active", name="Backup")
    contact = make_contact(db.session.get_one(Client, service.client_id), name="Gia Evans")
    with transaction():
        db.session.get_one(ClientService, service.id).escalation_contact_id = contact.id
    with pytest.raises(Refused, match="escalation contact of Backup"):
        act(clients.remove_contact, contact_id=contact.id)


def test_a_stale_edit_of_a_contact_shows_both_values():
    contact = make_contact(make_client(), **GIA)
    act(clients.edit_contact, contact_id=contact.id, version=1, **GIA | {"phone": "1"})
    with pytest.raises(StaleVersion) as refusal:
        act(clients.edit_contact, contact_id=contact.id, version=1, **GIA | {"phone": "2"})
    assert refusal.value.theirs == {"phone": ("2", "1")}


def test_another_contacts_address_is_refused():
    client = make_client()
    contact = make_contact(client)
    make_contact(client, email="taken@acme.example")
    taken = GIA | {"email": "taken@acme.example"}
    assert "email" in faults_of(clients.edit_contact, contact_id=contact.id, version=1, **taken)


CONTRACT = {"number": "2026-01", "name": "Frame", "start_date": "2026-01-01", "end_date": "2027-01-01"}


def test_a_contract_carries_its_own_fee_and_uplift():
    client = make_client()
    terms = {"cancellation_fee_percent": "25", "cancellation_fee_cap_months": "3", "uplift_percent": "2.5"}
    contract = act(clients.add_contract, client_id=client.id, **CONTRACT, **terms)
    assert contract.uplift_percent == Decimal("2.5")
    assert events_of(client.id)[0][0] == "contract added: 2026-01"


def test_what_a_contract_leaves_open_is_the_products():
    contract = act(clients.add_contract, client_id=make_client().id, **CONTRACT, uplift_percent="")
    assert contract.uplift_percent is None


def test_a_contract_ends_after_it_starts():
    backwards = CONTRACT | {"end_date": "2026-01-01"}
    assert "end_date" in faults_of(clients.add_contract, client_id=make_client().id, **backwards)


def test_a_contract_number_belongs_to_one_contract_of_all_clients():
    act(clients.add_contract, client_id=make_client().id, **CONTRACT)
    assert "number" in faults_of(clients.add_contract, client_id=make_client().id, **CONTRACT)
    other = act(clients.add_contract, client_id=make_client().id, **CONTRACT | {"number": "2026-02"})
    assert "number" in faults_of(clients.edit_contract, contract_id=other.id, version=1, **CONTRACT)


def test_a_contract_changes_and_tells_both_values():
    contract = act(clients.add_contract, client_id=make_client().id, **CONTRACT)
    act(clients.edit_contract, contract_id=contract.id, version=1, **CONTRACT | {"end_date": ""})
    assert events_of(contract.client_id)[1][1] == {"end_date": ["2027-01-01", None]}


def test_contacts_and_contracts_of_others_do_not_exist():
    client, other = make_client(), make_client()
    contact = make_contact(other)
    contract = act(clients.add_contract, client_id=other.id, **CONTRACT)
    with pytest.raises(NotFound):
        clients.contact_of(client, contact.id)
    with pytest.raises(NotFound):
        clients.contract_of(client, contract.id)


def found(entered):
    return set(db.session.scalars(sa.select(Client.name).where(clients.matching(entered))))


def test_search_finds_clients_by_the_beginnings_of_words():
    make_client(code="C1000", name="Juniper Academy Inc.")
    make_client(code="C1001", name="Quarry Dental 株式会社")
    assert found("jun acad") == {"Juniper Academy Inc."}
    assert found("c1001") == {"Quarry Dental 株式会社"}
    assert found("株式") == {"Quarry Dental 株式会社"}
    assert found("c100") == {"Juniper Academy Inc.", "Quarry Dental 株式会社"}


@pytest.mark.parametrize("entered", ["%", "_", "' | !x:*", "&&", "(", "\\"])
def test_signs_that_mean_something_to_sql_mean_nothing_in_a_search(entered):
    make_client(name="Acme")
    assert found(entered) == set()


def test_removed_contacts_stay_in_history():
    client = make_client()
    contact_id = act(clients.add_contact, client_id=client.id, **GIA).id
    act(clients.remove_contact, contact_id=contact_id)
    assert db.session.get_one(Contact, contact_id).name == "Gia Evans"
    assert events_of(client.id)[-1] == ("contact removed: Gia Evans", {"is_active": [True, False]})
