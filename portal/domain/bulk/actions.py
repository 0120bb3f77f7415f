"""One command for many services: asked for in one statement, worked through in short transactions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from portal.db import db, fetch, lock
from portal.domain import events
from portal.domain.bulk.commands import COMMANDS, BulkCommand
from portal.domain.bulk.models import BulkAction, BulkItem
from portal.domain.errors import DomainError, InvalidTransition, NotFound, Refused
from portal.domain.staff.models import User
from portal.domain.staff.permissions import may
from portal.domain.words import ItemState, JobState
from portal.signals import send

# Each service stays locked until the chunk is committed: 20 take well under a second.
CHUNK = 20


def request(
    *, command: str, chosen: sa.Select[Any], arguments: Mapping[str, Any], by: int, at: datetime
) -> BulkAction:
    """Keep what was chosen, as a SELECT of service ids, and have it worked through. Raises Refused for nothing."""
    bulk = BulkAction(
        command=command, arguments=COMMANDS[command].check(arguments), requested_by_id=by, requested_at=at
    )
    db.session.add(bulk)
    db.session.flush()
    ids = chosen.order_by(None).subquery()
    rows = sa.select(sa.literal(bulk.id), ids.c[0], sa.literal(ItemState.WAITING.value), sa.literal(""))
    columns = ["bulk_id", "client_service_id", "state", "message"]
    made = insert(BulkItem).from_select(columns, rows).on_conflict_do_nothing().returning(BulkItem.id)
    if not db.session.scalars(made).all():
        raise Refused("No service is chosen. Tick the rows first.")
    send(events.BulkRequested(bulk_id=bulk.id), by=by, at=at)
    return bulk


def work(*, bulk_id: int, at: datetime) -> BulkAction:
    """Do the next services, each in a savepoint of its own; while some are left, ask for the next turn."""
    bulk = lock(BulkAction, bulk_id)
    if bulk.state is JobState.DONE:
        return bulk
    bulk.state = JobState.RUNNING
    waiting = sa.select(BulkItem).filter_by(bulk_id=bulk_id, state=ItemState.WAITING)
    items = db.session.scalars(waiting.order_by(BulkItem.client_service_id).limit(CHUNK + 1)).all()
    for item in items[:CHUNK]:
        item.state, item.message = _outcome(bulk, item.client_service_id, at)
    if len(items) > CHUNK:
        send(events.BulkRequested(bulk_id=bulk_id), by=bulk.requested_by_id, at=at)
    else:
        bulk.state, bulk.finished_at = JobState.DONE, at
    return bulk


def retry_failed(*, bulk_id: int, by: int, at: datetime) -> BulkAction:
    """Put the failed ones back. Only for who may give the command; the one who retries answers for it."""
    bulk = lock(BulkAction, bulk_id)
    if not may(fetch(User, by), COMMANDS[bulk.command].needs):
        raise NotFound("There is no such bulk action.")
    failed = sa.update(BulkItem).filter_by(bulk_id=bulk_id, state=ItemState.FAILED)
    put_back = db.session.scalars(
        failed.values(state=ItemState.WAITING, message="").returning(BulkItem.id)
    ).all()
    if not put_back:
        raise Refused("Nothing has failed, so there is nothing to try again.")
    bulk.state, bulk.finished_at, bulk.requested_by_id = JobState.WAITING, None, by
    send(events.BulkRequested(bulk_id=bulk_id), by=by, at=at)
    return bulk


def _outcome(bulk: BulkAction, service_id: int, at: datetime) -> tuple[ItemState, str]:
    """What became of one service, in words. A fault of the database concerns this service alone."""
    command: BulkCommand = COMMANDS[bulk.command]
    try:
        with db.session.begin_nested():
            service = command.act(service_id=service_id, **bulk.arguments, by=bulk.requested_by_id, at=at)
            already = service.already_done_message
    except InvalidTransition as refusal:
        return ItemState.SKIPPED, refusal.message
    except DomainError as refusal:
        return ItemState.FAILED, refusal.message
    except DBAPIError as fault:
        if fault.connection_invalidated:
            raise
        return ItemState.FAILED, str(fault.orig).splitlines()[0]
    return (ItemState.SKIPPED, already) if already else (ItemState.DONE, command.done)
