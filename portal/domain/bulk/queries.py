"""How far a bulk action has come, and what became of each service."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.db import db, fetch
from portal.domain.bulk.commands import COMMANDS, BulkCommand
from portal.domain.bulk.models import BulkAction, BulkItem
from portal.domain.clients.models import Client
from portal.domain.lifecycle.models import ClientService
from portal.domain.staff.models import User
from portal.domain.words import ItemState, JobState

# What went wrong stands first; the rest of a large action is counted.
MOST_SHOWN = 500


@dataclass(frozen=True)
class Progress:
    bulk: BulkAction
    command: BulkCommand
    who: str
    counts: dict[ItemState, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def settled(self) -> int:
        return self.total - self.counts.get(ItemState.WAITING, 0)

    @property
    def is_running(self) -> bool:
        return self.bulk.state is not JobState.DONE


def progress(bulk_id: int) -> Progress:
    """Raises NotFound."""
    bulk = fetch(BulkAction, bulk_id)
    counted = sa.select(BulkItem.state, sa.func.count()).filter_by(bulk_id=bulk_id).group_by(BulkItem.state)
    counts = {state: int(items) for state, items in db.session.execute(counted)}
    return Progress(bulk, COMMANDS[bulk.command], fetch(User, bulk.requested_by_id).name, counts)


def results(bulk_id: int) -> Sequence[Any]:
    """(service id, its name, client, state, message): failed ones first, then skipped, done, waiting."""
    rank = {ItemState.FAILED: 0, ItemState.SKIPPED: 1, ItemState.DONE: 2, ItemState.WAITING: 3}
    rows = (
        sa.select(
            ClientService.id,
            ClientService.name,
            Client.name.label("client"),
            Client.code.label("client_code"),
            BulkItem.state,
            BulkItem.message,
        )
        .join(ClientService, ClientService.id == BulkItem.client_service_id)
        .join(Client, Client.id == ClientService.client_id)
        .where(BulkItem.bulk_id == bulk_id)
        .order_by(sa.case(rank, value=BulkItem.state), Client.name, ClientService.name, ClientService.id)
    )
    return db.session.execute(rows.limit(MOST_SHOWN)).all()


def count(chosen: sa.Select[Any]) -> int:
    """How many services are chosen."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(chosen.order_by(None).subquery())) or 0
