"""Scores as one statement, against the pure rules fed one service at a time."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from portal.db import db, transaction
from portal.domain import health
from portal.domain.errors import Invalid, Refused, StaleVersion
from portal.domain.health.models import HealthCheck
from portal.domain.health.rules import HealthFacts, health_of, review_overdue
from portal.domain.sla.hours import Calendar, parse_windows
from portal.domain.sla.models import Incident
from portal.domain.uptime.models import MaintenanceWindow, Outage
from portal.domain.uptime.rules import Maintenance, NothingMeasured, availability, ended, measured_time
from portal.outbox.models import EventRecord
from tests.factories import make_calendar, make_client, make_policy, make_product, make_service

pytestmark = pytest.mark.usefixtures("session")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
HOURS = ["", "", "Mon-Fri 09:00-17:00", "Mon-Sun 00:00-24:00", "around the clock"]


@pytest.fixture(autouse=True)
def now(clock):
    clock.set(NOW)


def monitored(**facts):
    """An active service under watch since the spring, reviewed last month."""
    service = make_service(
        status="active", **{k: facts.pop(k) for k in ("client", "product", "sla_policy_id") if k in facts}
    )
    usual = {
        "monitoring_enabled": True,
        "monitored_from": NOW - 200 * DAY,
        "last_review_date": date(2026, 10, 20),
    }
    with transaction():
        for name, value in {**usual, **facts}.items():
            setattr(service, name, value)
    return service


def kept(*rows):
    with transaction():
        db.session.add_all(rows)


def scored(service, at=NOW):
    with transaction():
        return health.score(service_id=service.id, at=at)


def latest(service):
    checks = (
        sa.select(HealthCheck).filter_by(client_service_id=service.id).order_by(HealthCheck.checked_at.desc())
    )
    return db.session.scalars(checks.limit(1)).one()


@dataclass
class Past:
    """What happened to one service, thrown by dice."""

    service: object
    incidents: list = field(default_factory=list)
    outages: list = field(default_factory=list)
    maintenance: list = field(default_factory=list)

    @classmethod
    def thrown(cls, dice, client, product, policies):
        reviewed = dice.choice([None, date(2026, 10, 1)])
        policy = dice.choice(policies)
        past = cls(
            monitored(
                client=client, product=product, sla_policy_id=policy.id,
                service_hours=dice.choice(HOURS),
                client_satisfaction=dice.choice([None, *range(1, 11)]),
                last_review_date=reviewed,
                next_review_date=dice.choice([None, date(2026, 11, 19), date(2026, 11, 20), date(2027, 1, 1)]),
                availability_target=dice.choice([None, Decimal("99.5"), Decimal("99.99"), Decimal("100")]),
                activated_at=NOW - dice.choice([10, 89, 90, 400]) * DAY,
                monitored_from=dice.choice([None, NOW - 5 * DAY, NOW - 3 * HOUR, NOW, NOW - 300 * DAY]),
            )
        )  # fmt: skip
        id = past.service.id
        for _ in range(dice.choice([0, 1, 3, 9])):
            began = NOW - dice.choice([1, 29, 31, 89, 91]) * DAY + dice.randrange(3600) * timedelta(seconds=1)
            over = dice.choice([None, began + HOUR])
            missed = [dice.choice([None, began + HOUR]) for _ in range(2)]
            past.incidents.append(
                Incident(
                    client_service_id=id, title="x", severity=dice.choice(["low", "medium", "high", "critical"]),
                    opened_at=began, resolved_at=over, response_breached_at=missed[0], resolution_breached_at=missed[1],
                )
            )  # fmt: skip
        for _ in range(dice.choice([0, 0, 1, 4])):
            began = NOW - dice.randrange(1, 33 * 24 * 3600) * timedelta(seconds=1)
            over = dice.choice([None, min(NOW, began + dice.randrange(50_000) * timedelta(seconds=1))])
            past.outages.append(Outage(client_service_id=id, started_at=began, ended_at=over))
        for _ in range(dice.choice([0, 1, 2])):
            began = NOW - dice.randrange(-5 * 24, 33 * 24) * HOUR
            agreed = began + dice.choice([-HOUR, HOUR, timedelta()])
            past.maintenance.append(
                MaintenanceWindow(
                    client_service_id=id, starts_at=began, ends_at=began + 3 * HOUR, agreed_at=agreed
                )
            )
        kept(*past.incidents, *past.outages, *past.maintenance)
        return past

    @property
    def health(self):
        service, since = self.service, NOW - 30 * DAY
        breaches = [
            each
            for incident in self.incidents
            for each in (incident.response_breached_at, incident.resolution_breached_at)
            if each and each > NOW - 90 * DAY
        ]
        severe = [
            each
            for each in self.incidents
            if each.severity in ("high", "critical") and (each.resolved_at is None or each.opened_at > since)
        ]
        target = service.availability_target
        target = service.sla_policy.availability_target if target is None else target
        return health_of(
            HealthFacts(
                breaches_90_days=len(breaches),
                satisfaction=service.client_satisfaction,
                severe_incidents_30_days=len(severe),
                review_overdue=review_overdue(
                    next_review_date=service.next_review_date,
                    last_review_date=service.last_review_date,
                    activated_on=service.activated_at.astimezone(ZoneInfo("UTC")).date(),
                    today=NOW.date(),
                ),
                uptime_30_days=self._uptime(since),
                uptime_target=Fraction(target) / 100,
            )
        )

    def _uptime(self, since):
        try:
            windows = parse_windows(self.service.service_hours)
            agreed = Calendar(self.service.sla_policy.calendar.timezone, windows).working_intervals(
                since, NOW
            )
        except Invalid:
            agreed = None
        measured = measured_time(
            window=(since, NOW), monitored_from=self.service.monitored_from, now=NOW, service_hours=agreed,
            maintenance=[Maintenance(each.starts_at, each.ends_at, each.agreed_at) for each in self.maintenance],
        )  # fmt: skip
        try:
            return availability(
                ended([(each.started_at, each.ended_at) for each in self.outages], NOW), measured
            )
        except NothingMeasured:
            return None


def agree(seed, count):
    """Score so many services at once, and each by the rules; both say the same, to the reason."""
    dice = Random(seed)
    client, product = make_client(), make_product(currency="USD")
    policies = [
        make_policy(calendar=make_calendar(timezone=zone))
        for zone in ("UTC", "Europe/Berlin", "America/New_York")
    ]
    pasts = [Past.thrown(dice, client, product, policies) for _ in range(count)]
    with transaction():
        assert health.run(as_of=NOW, at=NOW).services == count
    for past in pasts:
        check, expected = latest(past.service), past.health
        assert check.score == past.service.health_score == expected.score, (seed, past)
        by_rule = [(each.name, round(each.points, 2), each.reason) for each in expected.factors]
        by_statement = [(name, Fraction(str(points)), reason) for name, points, reason in check.factors]
        assert [each[::2] for each in by_statement] == [each[::2] for each in by_rule]
        assert all(
            abs(ours[1] - theirs[1]) <= Fraction(1, 100)
            for ours, theirs in zip(by_statement, by_rule, strict=True)
        )


@pytest.mark.parametrize("seed", range(3))
def test_the_statement_says_what_the_rules_say(seed):
    agree(seed, 40)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(100, 105))
def test_the_statement_says_what_the_rules_say_of_a_thousand(seed):
    agree(seed, 200)


def test_a_service_with_nothing_to_say_against_it_has_a_hundred_and_no_reasons():
    service = monitored()
    assert scored(service) == 100
    assert (latest(service).factors, service.last_health_check_at) == ([], NOW)


@pytest.mark.parametrize(
    "facts", [{"monitoring_enabled": False}, {"status": "suspended", "suspended_at": NOW}]
)
def test_only_services_that_run_and_are_watched_are_scored(facts):
    service = monitored(**facts)
    assert scored(service) is None
    with transaction():
        assert health.run(as_of=NOW, at=NOW).services == 0
    assert service.health_score is None


def degradations():
    return [
        row.payload
        for row in db.session.scalars(sa.select(EventRecord).filter_by(kind="service_health_degraded"))
    ]


@pytest.mark.parametrize(("satisfaction", "score", "told"), [(3, 89, 1), (4, 93, 0), (10, 100, 0)])
def test_a_drop_of_more_than_ten_points_is_told_and_a_smaller_one_is_not(satisfaction, score, told):
    service = monitored()
    scored(service, NOW - HOUR)
    with transaction():
        service.client_satisfaction = satisfaction
    assert scored(service) == score
    assert [(each["score_before"], each["score"]) for each in degradations()] == [(100, score)] * told


def test_ten_points_exactly_are_no_degradation():
    service = monitored()
    scored(service, NOW - HOUR)
    kept(*(breached(service) for _ in range(2)))
    assert scored(service) == 90
    assert degradations() == []


def breached(service):
    return Incident(
        client_service_id=service.id, title="x", severity="low", opened_at=NOW - DAY, resolved_at=NOW - DAY,
        response_breached_at=NOW - DAY,
    )  # fmt: skip


def test_a_first_score_is_no_drop():
    service = monitored(client_satisfaction=1)
    assert scored(service) == 80
    assert degradations() == []


def test_scoring_again_for_the_same_instant_changes_and_tells_nothing():
    service = monitored()
    scored(service, NOW - HOUR)
    kept(*(breached(service) for _ in range(4)))
    assert [scored(service), scored(service)] == [80, 80]
    assert len(degradations()) == 1


def test_a_look_at_an_earlier_day_is_history_and_does_not_replace_the_score():
    service = monitored()
    scored(service)
    kept(*(breached(service) for _ in range(4)))
    scored(service, NOW - HOUR)
    assert service.health_score == 100
    assert degradations() == []


def test_a_dry_run_counts_and_keeps_nothing():
    service = monitored()
    scored(service, NOW - HOUR)
    kept(*(breached(service) for _ in range(4)))
    found = health.rehearse(at=NOW)
    assert (found.services, found.degraded) == (1, 1)
    assert service.health_score == 100


def test_pages_of_services_are_scored_each_once():
    services = [monitored() for _ in range(5)]
    found, after = [], 0
    while after is not None:
        with transaction():
            page, after = health.run_page(after=after, at=NOW, size=2)
        found.append(page.services)
    assert found == [2, 2, 1]
    assert [each.health_score for each in services] == [100] * 5


def reviewed(service, **facts):
    usual = {
        "version": service.version,
        "last_review_date": date(2026, 11, 20),
        "next_review_date": "2027-05-20",
    }
    with transaction():
        return health.review(service_id=service.id, **{**usual, **facts}, by=None, at=NOW)


def test_a_review_is_recorded_with_its_note_and_counts_at_once():
    service = monitored(last_review_date=None, next_review_date=date(2026, 1, 1))
    assert scored(service, NOW - HOUR) == 80
    reviewed(service, client_satisfaction="9", note="Happy")
    assert (service.last_review_date, service.next_review_date) == (date(2026, 11, 20), date(2027, 5, 20))
    assert (service.client_satisfaction, service.health_score) == (9, 100)
    row = db.session.scalars(sa.select(EventRecord).filter_by(kind="service_reviewed")).one()
    assert row.payload["note"] == "Happy"
    assert row.payload["changes"]["client_satisfaction"] == [None, 9]


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"last_review_date": "2026-11-21"}, "last_review_date"),
        ({"next_review_date": "2026-11-20"}, "next_review_date"),
        ({"client_satisfaction": "11"}, "client_satisfaction"),
        ({"last_review_date": "soon"}, "last_review_date"),
    ],
)
def test_what_cannot_be_of_a_review_is_said_at_its_field(facts, field):
    with pytest.raises(Invalid) as refused:
        reviewed(monitored(), **facts)
    assert list(refused.value.faults) == [field]


def test_a_review_over_somebody_elses_is_a_conflict():
    service = monitored()
    with pytest.raises(StaleVersion):
        reviewed(service, version=service.version - 1, client_satisfaction=3)


def test_a_service_that_has_ended_is_not_reviewed():
    with pytest.raises(Refused, match="runs"):
        reviewed(make_service(status="cancelled"))
