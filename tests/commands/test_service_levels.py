"""`portal sla-sweep` and `portal health`, and the slots of the calendar that do the same."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from portal import clock, movable_clock
from portal.cli import commands as portal
from portal.db import db, transaction
from portal.domain import sla
from portal.domain.health.models import HealthCheck
from portal.domain.lifecycle import ClientService
from portal.jobs import health as health_jobs
from portal.jobs import sla as sla_jobs
from portal.outbox import Recorded
from portal.settings import Settings
from tests.factories import make_calendar, make_policy, make_service

pytestmark = pytest.mark.usefixtures("live")


@pytest.fixture(autouse=True)
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands make an app of their own; what that sets for the whole process is put back."""
    monkeypatch.setenv("PORTAL_ENV", "test")
    monkeypatch.setenv("PORTAL_VAR", str(settings.var))
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("REDIS_URL", settings.redis_url)
    monkeypatch.setattr(clock, "_source", clock.system_time)
    monkeypatch.setattr(movable_clock, "_remembered", (float("-inf"), timedelta()))


def told(*words: str) -> dict[str, int]:
    result = CliRunner().invoke(portal, [*words, "--json"])
    assert result.exit_code == 0, result.output
    db.session.rollback()
    answer: dict[str, int] = json.loads(result.output)
    return answer


@pytest.fixture
def service() -> ClientService:
    """Around the clock: response in 1 h, resolution in 8 h; an incident of two hours ago, and nothing else."""
    policy = make_policy(calendar=make_calendar(windows="Mon-Sun 00:00-24:00"))
    made = make_service(status="active", sla_policy_id=policy.id)
    opened_at = clock.now() - timedelta(hours=2)
    with transaction():
        made.monitoring_enabled, made.monitored_from = True, opened_at
        sla.open_incident(service_id=made.id, title="Down", severity="critical", by=None, at=opened_at)
    return made


def scores(service: ClientService) -> list[int]:
    return list(db.session.scalars(sa.select(HealthCheck.score).filter_by(client_service_id=service.id)))


def test_a_sweep_by_hand_says_what_it_did_and_does_it_once(service: ClientService) -> None:
    assert told("sla-sweep", "--dry-run") == {"breaches": 1, "warnings": 0}
    assert told("sla-sweep") == {"breaches": 1, "warnings": 0}
    assert told("sla-sweep") == {"breaches": 0, "warnings": 0}
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    assert told("sla-sweep", "--as-of", tomorrow) == {"breaches": 1, "warnings": 0}


def test_scores_by_hand_are_kept_unless_it_is_a_rehearsal(service: ClientService) -> None:
    assert told("health", "--dry-run") == {"services": 1, "degraded": 0}
    assert scores(service) == []
    assert told("health") == {"services": 1, "degraded": 0}
    assert scores(service) == [97]


def test_the_calendars_slots_do_the_same(service: ClientService) -> None:
    sla_jobs.sweep_on_schedule(clock.now())
    health_jobs.check_on_schedule(clock.now())
    db.session.rollback()
    assert scores(service) == [92]


def test_after_a_breach_the_score_is_counted_anew_however_often_that_is_delivered(
    service: ClientService,
) -> None:
    sla_jobs.sweep(clock.today())
    event = Recorded(
        delivery_id=1, event_id=1, kind="service_sla_breached", subject_type="client_service", subject_id=service.id,
        occurred_at=clock.now(), actor_id=None, payload={},
    )  # fmt: skip
    for _ in range(2):
        with transaction():
            health_jobs.recalculate_service_health(event)
    assert set(scores(service)) == {92}
    assert db.session.get_one(ClientService, service.id).health_score == 92
