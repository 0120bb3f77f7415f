"""One command for many services: every one is settled once, whatever interrupts the work."""

import pytest
import sqlalchemy as sa

from portal.clock import now
from portal.db import db, transaction
from portal.domain import bulk, lifecycle
from portal.domain.bulk.actions import CHUNK
from portal.domain.bulk.models import BulkItem
from portal.domain.errors import NotFound, Refused
from portal.domain.lifecycle import ClientService
from portal.domain.words import ItemState, JobState
from portal.outbox.models import Delivery, EventRecord
from tests.factories import Cast, make_client, make_product, make_service

REASON = {"reason": "unpaid"}


def ids_of(services):
    return sa.select(ClientService.id).where(ClientService.id.in_([each.id for each in services]))


def ask(services, *, by, command="suspend", arguments=REASON):
    with transaction():
        return bulk.request(
            command=command, chosen=ids_of(services), arguments=arguments, by=by.id, at=now()
        ).id


def turn(bulk_id: int):
    with transaction():
        return bulk.work(bulk_id=bulk_id, at=now()).state


def states(bulk_id: int) -> list[ItemState]:
    items = sa.select(BulkItem.state).filter_by(bulk_id=bulk_id).order_by(BulkItem.client_service_id)
    return list(db.session.scalars(items))


def many(count: int):
    client, product = make_client(), make_product()
    return [make_service(status="active", client=client, product=product) for _ in range(count)]


def test_it_is_worked_off_in_chunks_that_ask_for_the_next(session, cast: Cast) -> None:
    bulk_id = ask(many(CHUNK + 3), by=cast.ana)
    assert turn(bulk_id) is JobState.RUNNING
    assert states(bulk_id).count(ItemState.DONE) == CHUNK
    asked_for = (
        sa.select(sa.func.count())
        .select_from(Delivery)
        .join(EventRecord, EventRecord.id == Delivery.event_id)
        .where(EventRecord.kind == "bulk_requested", EventRecord.subject_id == bulk_id)
    )
    assert session.scalar(asked_for) == 2
    assert turn(bulk_id) is JobState.DONE
    assert set(states(bulk_id)) == {ItemState.DONE}


def test_a_turn_too_many_changes_nothing(session, cast: Cast) -> None:
    services = many(2)
    bulk_id = ask(services, by=cast.ana)
    turn(bulk_id)
    events = sa.select(sa.func.count()).select_from(EventRecord).filter_by(kind="service_suspended")
    before = session.scalar(events)
    turn(bulk_id)
    assert session.scalar(events) == before


def test_what_is_not_allowed_is_skipped_with_the_reason(session, cast: Cast) -> None:
    services = [make_service(status=status) for status in ("pending", "active", "suspended", "cancelled")]
    bulk_id = ask(services, by=cast.ana)
    turn(bulk_id)
    assert states(bulk_id) == [ItemState.SKIPPED, ItemState.DONE, ItemState.SKIPPED, ItemState.SKIPPED]
    messages = [row.message for row in bulk.results(bulk_id) if row.state is ItemState.SKIPPED]
    assert any("does not allow" in text for text in messages) and any("already" in text for text in messages)


def test_one_that_fails_leaves_the_others_done(session, cast: Cast, monkeypatch) -> None:
    services = many(3)

    def suspend(*, service_id, reason, by, at):
        service = lifecycle.suspend(service_id=service_id, reason=reason, by=by, at=at)
        if service_id == services[1].id:
            raise Refused("The client asked us to wait.")
        return service

    patched = bulk.BulkCommand(
        "suspend", "Suspend", bulk.COMMANDS["suspend"].needs, suspend, "Suspended", ("reason",)
    )
    monkeypatch.setitem(bulk.COMMANDS, "suspend", patched)
    bulk_id = ask(services, by=cast.ana)
    turn(bulk_id)
    assert states(bulk_id) == [ItemState.DONE, ItemState.FAILED, ItemState.DONE]
    assert db.session.get_one(ClientService, services[1].id).status == "active", (
        "its half-way change is undone"
    )


def test_nothing_chosen_is_refused(session, cast: Cast) -> None:
    with pytest.raises(Refused, match="Tick"):
        ask([], by=cast.ana)


def test_only_who_may_give_the_command_retries_it(session, cast: Cast) -> None:
    bulk_id = ask(many(1), by=cast.ana)
    with pytest.raises(NotFound), transaction():
        bulk.retry_failed(bulk_id=bulk_id, by=cast.tom.id, at=now())


def test_without_a_failure_there_is_nothing_to_retry(session, cast: Cast) -> None:
    bulk_id = ask(many(1), by=cast.ana)
    turn(bulk_id)
    with pytest.raises(Refused, match="Nothing has failed"), transaction():
        bulk.retry_failed(bulk_id=bulk_id, by=cast.ana.id, at=now())
