"""The calendar (screen 4): name → cron → function. Slots are in the company's time zone.

A function takes the slot it runs for (an aware UTC instant), opens its own transaction, and is safe to run
again: a run whose worker died, or that failed, is repeated for the same slot. Of several missed slots only
the last one is run, so a function makes up for whatever has come due up to now.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from portal import clock


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the calendar. `timeout_s` ends a run that hangs; it is then tried again."""

    cron: str
    function: str
    queue: str = "default"
    timeout_s: int = 900


CALENDAR = {
    "scheduled_cancellations": Entry("5 0 * * *", "portal.jobs.batches:cancel_on_schedule"),
    "price_changes": Entry("15 0 * * *", "portal.jobs.prices:change_prices_on_schedule", timeout_s=3600),
    "renewals": Entry("0 2 * * *", "portal.jobs.batches:renew_on_schedule", timeout_s=3600),
    "grace": Entry("30 2 * * *", "portal.jobs.batches:end_grace_on_schedule"),
    "renewal_reminders": Entry("0 9 * * *", "portal.jobs.batches:remind_of_renewals_on_schedule"),
    "billing_run": Entry("0 3 * * *", "portal.jobs.batches:bill_on_schedule", "billing", timeout_s=3600),
    "payment_reminders": Entry("0 9 * * *", "portal.jobs.batches:remind_on_schedule"),
    "sla_sweep": Entry("* * * * *", "portal.jobs.sla:sweep_on_schedule", timeout_s=60),
    "health": Entry("10 */6 * * *", "portal.jobs.health:check_on_schedule", timeout_s=3600),
    "sweep": Entry("* * * * *", "portal.jobs.worker:sweep", timeout_s=60),
    "backup_check": Entry("0 7 * * *", "portal.jobs.backups:check_backup"),
    "tidy_sign_ins": Entry("20 4 * * *", "portal.jobs.batches:tidy_sign_ins"),
    "tidy_runs": Entry("30 4 * * *", "portal.jobs.worker:tidy_runs"),
}


def last_slot(cron: str, at: datetime) -> datetime:
    """The last slot up to and including `at`, in UTC."""
    # Backwards, CronSim leaves out the instant it starts from.
    return next(CronSim(cron, _local(at + timedelta(seconds=1)), reverse=True)).astimezone(UTC)


def slots_between(cron: str, after: datetime, upto: datetime) -> Iterator[datetime]:
    """The slots in (after, upto], in UTC. A wall-clock hour that daylight saving skips moves on, a repeated
    one counts once.
    """
    for slot in CronSim(cron, _local(after)):
        if slot > upto:
            return
        yield slot.astimezone(UTC)


def _local(instant: datetime) -> datetime:
    zone: ZoneInfo = clock.company_zone()
    return instant.astimezone(zone)
