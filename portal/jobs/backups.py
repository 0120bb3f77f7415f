"""The daily look at the age of the last backup."""

from datetime import datetime

from portal import backups
from portal.clock import now
from portal.db import transaction


def check_backup(slot: datetime) -> None:
    with transaction():
        backups.warn_when_overdue(slot=slot, at=now())
