"""SLA policies: a target for every severity, and the hours that they count."""

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import catalogue
from portal.domain.catalogue import rules
from portal.domain.catalogue.models import SlaPolicy
from portal.domain.errors import Invalid, Refused, StaleVersion
from portal.domain.fields import BadValue
from portal.domain.words import Severity
from portal.outbox import EventRecord
from tests.factories import make_calendar, make_policy, make_product

pytestmark = pytest.mark.usefixtures("session", "clock")

TARGETS = {
    Severity.LOW: ("8 h", "48 h"),
    Severity.MEDIUM: ("4 h", "24 h"),
    Severity.HIGH: ("2 h", "8 h"),
    Severity.CRITICAL: ("15 min", "2 h"),
}


def act(verb, **facts):
    with transaction():
        return verb(**facts, by=None, at=portal_clock.now())


def create(targets=TARGETS, **values):
    facts = {"name": "gold", "calendar_id": make_calendar().id, "availability_target": "99.95"} | values
    return act(catalogue.create_policy, targets=targets, **facts)


def edit(policy, version=1, targets=TARGETS, **values):
    facts = {"name": policy.name} | values
    return act(catalogue.edit_policy, policy_id=policy.id, version=version, targets=targets, **facts)


def told(policy_id):
    rows = sa.select(EventRecord.payload).filter_by(subject_type="sla_policy", subject_id=policy_id)
    return [(each["what"], each["changes"]) for each in db.session.scalars(rows.order_by(EventRecord.id))]


@pytest.mark.parametrize(
    ("entered", "minutes"),
    [
        ("4 h", 240),
        ("4h", 240),
        ("1 h 30 min", 90),
        ("45 min", 45),
        ("45m", 45),
        ("480", 480),
        ("2 hours", 120),
    ],
)
def test_a_target_is_entered_as_people_say_it(entered, minutes):
    assert rules.span(entered) == minutes


@pytest.mark.parametrize("entered", ["", "0", "soon", "4 d", "-5", "1.5 h", "9999999 min", None, "²"])
def test_a_target_that_is_no_time_is_refused(entered):
    with pytest.raises(BadValue):
        rules.span(entered)


@pytest.mark.parametrize("minutes", [1, 45, 60, 90, 2880])
def test_a_target_in_words_reads_back(minutes):
    assert rules.span(rules.span_in_words(minutes)) == minutes


def test_a_policy_has_a_target_for_every_severity():
    policy = create()
    stored = {each.severity: (each.response_minutes, each.resolution_minutes) for each in policy.targets}
    assert stored[Severity.CRITICAL] == (15, 120)
    assert stored.keys() == set(Severity)
    assert told(policy.id)[0][1]["critical_response"] == ["", "15 min"]


def test_a_missing_target_and_one_the_wrong_way_round_are_refused():
    with pytest.raises(Invalid) as refusal:
        create(targets={Severity.HIGH: ("8 h", "2 h")}, name="")
    missing = {
        f"{severity}_{clock}"
        for severity in ("low", "medium", "critical")
        for clock in ("response", "resolution")
    }
    assert refusal.value.faults.keys() == missing | {"high_resolution", "name"}


@pytest.mark.parametrize("availability", ["100.1", "-1", "always"])
def test_availability_is_a_percentage(availability):
    with pytest.raises(Invalid, match=r"percentage|number"):
        create(availability_target=availability)


def test_a_name_belongs_to_one_policy():
    create()
    with pytest.raises(Invalid, match="name already"):
        create()


def test_a_calendar_that_does_not_exist_is_refused():
    with pytest.raises(Invalid, match="Choose one"):
        create(calendar_id=10**9)


def test_a_changed_target_is_told_in_words():
    policy = create()
    edit(policy, targets=TARGETS | {Severity.LOW: ("8 h", "24 h")})
    assert told(policy.id)[1] == ("SLA policy changed", {"low_resolution": ["48 h", "24 h"]})
    assert db.session.get_one(SlaPolicy, policy.id).version == 2


def test_a_stale_edit_of_targets_overwrites_nothing():
    policy = create()
    edit(policy, targets=TARGETS | {Severity.LOW: ("8 h", "24 h")})
    with pytest.raises(StaleVersion) as refusal:
        edit(policy, targets=TARGETS | {Severity.LOW: ("8 h", "36 h")})
    assert refusal.value.theirs == {"low_resolution": ("36 h", "24 h")}


def test_an_unused_policy_is_deleted():
    policy_id = create().id
    assert act(catalogue.remove_policy, policy_id=policy_id) is True
    assert db.session.get(SlaPolicy, policy_id) is None


def test_a_policy_of_a_product_on_sale_stays():
    policy = make_policy(name="gold")
    make_product(name="Backup", sla_policy_id=policy.id)
    with pytest.raises(Refused, match="gold is the SLA of Backup"):
        act(catalogue.remove_policy, policy_id=policy.id)


def test_a_policy_that_was_used_is_archived_and_can_come_back():
    policy = make_policy()
    make_product(sla_policy_id=policy.id, is_active=False)
    assert act(catalogue.remove_policy, policy_id=policy.id) is False
    assert not db.session.get_one(SlaPolicy, policy.id).is_active
    act(catalogue.restore_policy, policy_id=policy.id)
    assert db.session.get_one(SlaPolicy, policy.id).is_active
