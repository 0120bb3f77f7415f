"""What a book means once it is in: nothing is billed twice, nobody is told, and the figures add up."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import imports, lifecycle, staff
from portal.domain.billing.models import RecurringBilling
from portal.domain.catalogue.models import Product, SlaPolicy
from portal.domain.clients.models import Client, Contact
from portal.domain.health.models import HealthCheck
from portal.domain.imports import BookRefused, ImportRun
from portal.domain.lifecycle.models import ClientService
from portal.domain.metrics.models import MrrMovement
from portal.domain.renewals.models import Renewal
from portal.domain.sla.models import Incident
from portal.domain.staff import Role, User
from portal.domain.uptime.models import MaintenanceWindow, Outage
from portal.domain.words import Movement, ScheduleStatus
from portal.jobs.worker import drain_all
from portal.outbox import Delivery, EventRecord
from tests.books import CALENDAR, CLIENT, INCIDENT, POLICY, PRODUCT, SERVICE, STAFF, sheet, small_book
from tests.factories import make_user

pytestmark = pytest.mark.usefixtures("session", "clock")


def load(*, is_dry_run: bool = False, **files: str | None):
    """Import the small book, with other files in place of its own."""
    with transaction():
        report = imports.load(
            small_book(**files), source="test", is_dry_run=is_dry_run, by=None, at=portal_clock.now()
        )
    return {name: (tally.created, tally.updated, tally.unchanged) for name, tally in report.files.items()}


def load_service(**cells: str) -> ClientService:
    load(services=sheet(SERVICE | cells))
    return one(ClientService)


def one(model):
    return db.session.scalars(sa.select(model)).one()


def count(model) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model))


def midnight(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


# All or nothing, and the same again


def test_a_book_is_counted_file_by_file_and_the_same_again_changes_nothing():
    first = load()
    assert first["staff"] == (3, 0, 0)
    assert set(first.values()) == {(3, 0, 0), (1, 0, 0)}
    events, runs = count(EventRecord), count(ImportRun)

    assert {each[:2] for each in load().values()} == {(0, 0)}
    assert (count(EventRecord), count(ImportRun)) == (events, runs)


def test_one_fault_keeps_everything_out():
    with pytest.raises(BookRefused) as refused:
        load(incidents=sheet(INCIDENT | {"severity": "terrible"}))
    assert [each.fault for each in refused.value.report.faults] == ["unknown severity"]
    assert (count(User), count(Client), count(EventRecord)) == (0, 0, 0)


def test_a_dry_run_counts_like_the_real_one_and_leaves_nothing_behind():
    assert load(is_dry_run=True)["services"] == (1, 0, 0)
    assert (count(User), count(ClientService), count(EventRecord), count(ImportRun)) == (0, 0, 0, 0)


def test_some_files_alone_may_refer_to_what_is_stored():
    load(incidents=None)
    assert load(
        **dict.fromkeys(("staff", "calendars", "sla_policies", "clients", "products", "services"))
    ) == {"incidents": (1, 0, 0)}
    assert one(Incident).client_service_id == one(ClientService).id


def test_no_listener_hears_of_what_is_imported():
    load()
    assert count(Delivery) == 0
    told = set(db.session.scalars(sa.select(EventRecord.kind)))
    assert {"book_imported", "service_imported", "client_changed", "user_added"} <= told
    assert not told & {"service_activated", "service_provisioned"}


# Changed rows


def test_changed_rows_are_updated_and_say_what_changed():
    load()
    changed = load(
        clients=sheet(CLIENT | {"name": "Fjord & Sons", "billing_day": "15"}),
        services=sheet(SERVICE | {"name": "IT", "client_satisfaction": "", "technician": "ana@msp.example"}),
    )
    assert (changed["clients"], changed["services"], changed["staff"]) == ((0, 1, 0), (0, 1, 0), (0, 0, 3))
    assert (one(Client).name, one(Client).billing_day) == ("Fjord & Sons", 15)
    edited = db.session.scalars(sa.select(EventRecord).filter_by(kind="service_edited")).one()
    assert edited.payload["changes"] == {
        "name": ["Managed IT", "IT"],
        "client_satisfaction": [8, None],
        "technician": ["Tom", "Ana"],
    }


def test_the_lifecycle_and_the_price_of_a_stored_service_are_left_alone():
    load()
    with transaction():
        lifecycle.suspend(service_id=one(ClientService).id, reason="unpaid", by=None, at=portal_clock.now())
    row = SERVICE | {"monthly_cost": "1.00", "start_date": "2026-02-28", "auto_renewal": "no"}
    assert load(services=sheet(row))["services"] == (0, 0, 1)
    service = one(ClientService)
    assert (service.status, service.cycle_price_minor, service.auto_renewal) == ("suspended", 250_000, True)


def test_a_new_review_moves_the_next_one():
    assert load_service(last_review_date="2026-10-01").next_review_date == date(2026, 12, 30)
    assert load_service(last_review_date="2026-11-01").next_review_date == date(2027, 1, 30)


def test_a_checklist_and_targets_are_replaced_as_a_whole():
    load()
    changed = load(
        products=sheet(PRODUCT | {"checklist": "Configure*|Order*"}),
        sla_policies=sheet(POLICY | {"low_response_min": "60"}),
    )
    assert (changed["products"], changed["sla_policies"]) == ((0, 1, 0), (0, 1, 0))
    assert [step.title for step in one(Product).checklist] == ["Configure", "Order"]
    assert {target.response_minutes for target in one(SlaPolicy).targets} == {60, 240}
    told = db.session.scalars(
        sa.select(EventRecord).filter_by(kind="product_changed").order_by(EventRecord.id)
    )
    assert told.all()[-1].payload["changes"] == {
        "checklist": [["Order*", "Configure*", "Hand over"], ["Configure*", "Order*"]]
    }


def test_a_calendar_changes_without_being_made_anew():
    load()
    assert load(calendars=sheet(CALENDAR | {"holidays": "DE"}))["calendars"] == (0, 1, 0)


def test_a_role_changes_as_on_the_users_page_and_with_its_refusals():
    make_user(name="Adi", role=Role.ADMIN, email="adi@msp.example")
    load()
    promoted = load(staff=STAFF.replace("Tom,technician", "Tom,admin"))
    assert promoted["staff"] == (0, 1, 2)
    assert db.session.scalars(sa.select(User.epoch).filter_by(email="tom@msp.example")).one() == 1

    with transaction():
        staff.change_role(
            user_id=db.session.scalars(sa.select(User.id).filter_by(email="tom@msp.example")).one(),
            role=Role.TECHNICIAN,
            by=None,
            at=portal_clock.now(),
        )
    with pytest.raises(BookRefused) as refused:
        load(staff=STAFF + "adi@msp.example,Adi,viewer\n")
    fault = refused.value.report.faults[0]
    assert (fault.file, fault.row, fault.column) == ("staff.csv", 5, "role")
    assert "last active admin" in fault.fault


def test_staff_come_without_a_password():
    load()
    assert not any(user.has_password for user in db.session.scalars(sa.select(User)))


def test_a_contact_is_known_by_client_and_address():
    contacts = "client_code,name,email,phone,roles\nC1,Gia,gia@fjord.example,,renewal;technical\n"
    assert load(contacts=contacts)["contacts"] == (1, 0, 0)
    assert load(contacts=contacts.replace("Gia", "Gina"))["contacts"] == (0, 1, 0)
    assert (one(Contact).name, one(Contact).roles) == ("Gina", ["technical", "renewal"])


# Services


def test_an_active_service_began_at_midnight_and_is_set_up_and_watched():
    service = load_service()
    assert service.activated_at == service.provisioned_at == service.monitored_from == midnight("2026-01-31")
    assert (service.status, service.provisioning_status) == ("active", "completed")
    assert (service.renewal_date, service.renewal_term_months, service.notice_days) == (
        date(2027, 1, 31),
        12,
        60,
    )
    assert (service.sla_policy.name, str(service.availability_target)) == ("silver", "99.5000")
    assert service.total_contract_value_minor == 12 * 250_000


@pytest.mark.parametrize(
    ("cycle", "month", "price", "monthly"),
    [
        ("monthly", "2500.00", 250_000, 250_000),
        ("quarterly", "100.00", 30_000, 10_000),
        ("semi-annually", "100.00", 60_000, 10_000),
        ("annually", "20.00", 24_000, 2_000),
        ("weekly", "600.00", 13_846, 59_999),
        ("one-time", "0", 0, 0),
    ],
)
def test_the_price_in_the_file_is_that_of_one_month(cycle, month, price, monthly):
    service = load_service(billing_cycle=cycle, monthly_cost=month)
    assert (service.cycle_price_minor, service.monthly_cost_minor) == (price, monthly)


@pytest.mark.parametrize(
    ("start", "billing_day", "cycle", "due"),
    [
        ("2026-01-31", "", "monthly", date(2026, 11, 30)),
        ("2026-01-20", "", "monthly", date(2026, 12, 20)),
        ("2026-01-21", "", "monthly", date(2026, 11, 21)),
        ("2026-01-31", "15", "monthly", date(2026, 12, 15)),
        ("2026-01-31", "", "quarterly", date(2027, 1, 31)),
        ("2026-11-06", "", "weekly", date(2026, 11, 27)),
        ("2024-02-29", "", "annually", date(2027, 2, 28)),
    ],
)
def test_a_schedule_goes_on_at_the_first_boundary_after_the_import_day(start, billing_day, cycle, due):
    """The import is on 20 Nov 2026: a boundary on that very day has been billed by the old system."""
    load(
        clients=sheet(CLIENT | {"billing_day": billing_day}),
        services=sheet(SERVICE | {"start_date": start, "billing_cycle": cycle}),
    )
    schedule = one(RecurringBilling)
    assert (schedule.next_bill_date, schedule.first_on) == (due, date.fromisoformat(start))
    assert (schedule.status, schedule.bills_setup) == (ScheduleStatus.ACTIVE, False)
    assert schedule.anchor_day == int(billing_day or start[-2:])


@pytest.mark.parametrize(
    "cells",
    [{"monthly_cost": "0"}, {"billing_cycle": "one-time", "monthly_cost": "0"}, {"status": "pending"}],
)
def test_what_does_not_recur_has_no_schedule(cells):
    load_service(**cells)
    assert count(RecurringBilling) == 0


def test_a_suspended_service_is_paused_from_the_import_on():
    service = load_service(status="suspended")
    schedule = one(RecurringBilling)
    assert service.suspended_at == portal_clock.now()
    assert (schedule.status, schedule.paused_on) == (ScheduleStatus.PAUSED, date(2026, 11, 20))
    assert {(each.kind, each.amount_minor) for each in db.session.scalars(sa.select(MrrMovement))} == {
        (Movement.NEW, 250_000),
        (Movement.PAUSED, -250_000),
    }


def test_days_that_the_old_system_has_billed_are_not_billed_after_a_pause_either(clock):
    """Paid there up to 30 Nov: suspended on 22 Nov and resumed on 25 Nov, it is billed from 30 Nov on."""
    service_id = load_service().id
    clock.set(date(2026, 11, 22))
    with transaction():
        lifecycle.suspend(service_id=service_id, reason="unpaid", by=None, at=portal_clock.now())
    drain_all()
    clock.set(date(2026, 11, 25))
    with transaction():
        lifecycle.resume(service_id=service_id, by=None, at=portal_clock.now())
    drain_all()
    assert one(RecurringBilling).next_bill_date == date(2026, 11, 30)


def test_a_cancelled_service_ended_on_its_day():
    service = load_service(status="cancelled", cancelled_on="2026-06-01", cancellation_reason="merger")
    schedule = one(RecurringBilling)
    assert (service.cancelled_at, service.cancellation_reason) == (midnight("2026-06-01"), "merger")
    assert (schedule.status, schedule.ends_on) == (ScheduleStatus.ENDED, date(2026, 6, 1))
    assert [(each.on_date, each.kind) for each in db.session.scalars(sa.select(MrrMovement))] == [
        (date(2026, 1, 31), Movement.NEW),
        (date(2026, 6, 1), Movement.CHURN),
    ]


def test_a_completed_service_ended_with_its_term():
    service = load_service(status="completed", end_date="2026-07-31")
    assert service.completed_at == midnight("2026-07-31")
    assert one(RecurringBilling).ends_on == date(2026, 7, 31)


def test_a_pending_service_waits_to_be_set_up():
    service = load_service(status="pending", start_date="2026-12-01")
    assert (service.provisioning_status, service.activated_at, service.monitored_from) == (
        "pending",
        None,
        None,
    )
    assert count(MrrMovement) == 0


def test_a_renewed_service_runs_in_its_last_term():
    service = load_service(start_date="2024-01-31", renewal_count="2")
    renewal = one(Renewal)
    assert (renewal.term_start, renewal.term_end, renewal.months) == (
        date(2026, 1, 31),
        date(2027, 1, 31),
        12,
    )
    assert service.last_renewed_at == midnight("2026-01-31")
    assert service.total_contract_value_minor == 12 * 250_000


# Incidents


def test_clocks_run_on_the_policys_business_hours():
    """Opened on a Friday at 15:00 with four hours to respond: due on Monday at 11:00."""
    load(incidents=sheet(INCIDENT | {
        "opened_at": "2026-10-02T15:00:00Z",
        "acknowledged_at": "2026-10-05T11:00:00Z",
        "resolved_at": "2026-10-05T15:00:01Z",
    }))  # fmt: skip
    incident = one(Incident)
    assert incident.response_due_at == datetime(2026, 10, 5, 11, tzinfo=UTC)
    assert incident.resolution_due_at == datetime(2026, 10, 5, 15, tzinfo=UTC)
    assert incident.response_breached_at is None
    assert incident.resolution_breached_at == incident.resolution_due_at
    service = one(ClientService)
    assert (service.sla_breaches_count, service.last_sla_breach_at) == (1, incident.resolution_due_at)


def test_an_open_incident_past_its_targets_is_breached_and_one_before_them_is_not():
    blank = {"acknowledged_at": "", "resolved_at": ""}
    load(incidents=sheet(INCIDENT | blank, INCIDENT | blank | {"opened_at": "2026-11-20T11:00:00Z"}))
    old, fresh = db.session.scalars(sa.select(Incident).order_by(Incident.opened_at))
    assert None not in (old.response_breached_at, old.resolution_breached_at)
    assert (fresh.response_breached_at, fresh.resolution_breached_at) == (None, None)


def test_importing_again_later_raises_no_breach_by_itself(clock):
    load(
        incidents=sheet(
            INCIDENT | {"opened_at": "2026-11-20T11:00:00Z", "acknowledged_at": "", "resolved_at": ""}
        )
    )
    clock.advance(days=7)
    again = load(
        incidents=sheet(
            INCIDENT | {"opened_at": "2026-11-20T11:00:00Z", "acknowledged_at": "", "resolved_at": ""}
        )
    )
    assert again["incidents"] == (0, 0, 1)
    assert one(ClientService).sla_breaches_count == 0


def test_an_incident_learns_its_end_and_a_blank_does_not_take_it_back():
    opened = INCIDENT | {"opened_at": "2026-11-20T09:00:00Z", "acknowledged_at": "", "resolved_at": ""}
    resolved = opened | {"acknowledged_at": "2026-11-20T09:10:00Z", "resolved_at": "2026-11-20T17:30:00Z"}
    load(incidents=sheet(opened))
    assert load(incidents=sheet(resolved))["incidents"] == (0, 1, 0)
    assert one(Incident).resolution_breached_at == datetime(2026, 11, 20, 17, tzinfo=UTC)
    assert one(ClientService).sla_breaches_count == 1
    assert load(incidents=sheet(opened))["incidents"] == (0, 0, 1)
    assert one(Incident).resolved_at == datetime(2026, 11, 20, 17, 30, tzinfo=UTC)


def test_downtime_is_an_outage_of_the_incident_and_can_end_later():
    down = INCIDENT | {"downtime_start": "2026-10-01T09:55:00Z"}
    load(incidents=sheet(down))
    outage = one(Outage)
    assert (outage.incident_id, outage.ended_at, one(Incident).is_downtime) == (one(Incident).id, None, True)
    ended = sheet(down | {"downtime_end": "2026-10-01T11:55:00Z"})
    assert load(incidents=ended)["incidents"] == (0, 1, 0)
    assert one(Outage).ended_at == datetime(2026, 10, 1, 11, 55, tzinfo=UTC)


def test_maintenance_is_known_by_service_start_and_title():
    header = "service_external_id,starts_at,ends_at,agreed_at,title\n"
    row = "S1,2026-10-01T22:00:00Z,2026-10-02T00:00:00Z,2026-09-28T22:00:00Z,Firmware\n"
    assert load(maintenance=header + row)["maintenance"] == (1, 0, 0)
    assert load(maintenance=header + row.replace("02T00", "02T01"))["maintenance"] == (0, 1, 0)
    assert one(MaintenanceWindow).ends_at == datetime(2026, 10, 2, 1, tzinfo=UTC)


# Health


def test_a_watched_active_service_has_a_first_score_with_its_reasons():
    service = load_service(last_review_date="2026-11-01")
    db.session.refresh(service)
    check = one(HealthCheck)
    assert service.health_score == check.score == 100
    assert check.factors == [["satisfaction", 11.11, "client satisfaction 8 of 10"]]
    assert service.last_health_check_at == portal_clock.now()


def test_breaches_incidents_and_downtime_of_late_cost_health():
    incident = INCIDENT | {
        "opened_at": "2026-11-10T10:00:00Z", "acknowledged_at": "", "resolved_at": "",
        "downtime_start": "2026-11-10T10:00:00Z", "downtime_end": "2026-11-11T10:00:00Z",
    }  # fmt: skip
    load(services=sheet(SERVICE | {"client_satisfaction": ""}), incidents=sheet(incident))
    factors = {name: points for name, points, _ in one(HealthCheck).factors}
    # A day of thirty is 3.33 points of uptime, 2.83 below 99.5 %: more than the 25 that it may cost.
    assert factors == {"uptime": -25, "review": -20, "sla_breaches": -10, "incidents": -3}
    assert one(HealthCheck).score == 42


def test_what_is_not_watched_or_not_active_has_no_score():
    load(services=sheet(
        SERVICE | {"monitoring_enabled": "no"}, SERVICE | {"external_id": "S2", "status": "suspended"}
    ))  # fmt: skip
    assert count(HealthCheck) == 0
