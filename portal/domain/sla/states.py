"""The life of an incident: which command is allowed when. The screens draw their buttons from this table. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from portal.domain.errors import Refused
from portal.domain.words import Word


class State(Word):
    """Of the work, as its instants say it."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    WAITING = "waiting"
    RESOLVED = "resolved"


class Command(StrEnum):
    ACKNOWLEDGE = "acknowledge"
    WAIT = "wait"
    RESUME = "resume"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    LINK_DOWNTIME = "link_downtime"
    RECORD_BREACH = "record_breach"


class Row(NamedTuple):
    """`since`: the states that allow it. `has_happened`: those in which asking again changes nothing, and why."""

    since: frozenset[State]
    has_happened: frozenset[State] = frozenset()
    message: str = ""


_NOT_OVER = frozenset({State.NEW, State.ACKNOWLEDGED, State.WAITING})
_OVER = frozenset({State.RESOLVED})
TABLE: dict[Command, Row] = {
    Command.ACKNOWLEDGE: Row(
        frozenset({State.NEW}), frozenset({State.ACKNOWLEDGED, State.WAITING}), "Somebody works on it already."
    ),
    Command.WAIT: Row(
        frozenset({State.NEW, State.ACKNOWLEDGED}), frozenset({State.WAITING}), "It waits for the client already."
    ),
    Command.RESUME: Row(frozenset({State.WAITING}), frozenset({State.ACKNOWLEDGED}), "It is worked on already."),
    Command.RESOLVE: Row(_NOT_OVER, _OVER, "It is resolved already."),
    Command.REOPEN: Row(_OVER, frozenset({State.NEW, State.ACKNOWLEDGED}), "It is open already."),
    Command.LINK_DOWNTIME: Row(frozenset(State)),
    Command.RECORD_BREACH: Row(frozenset(State)),
}  # fmt: skip


class Instants(Protocol):
    """What tells the state of an incident."""

    acknowledged_at: datetime | None
    waiting_since: datetime | None
    resolved_at: datetime | None


def state_of(incident: Instants) -> State:
    if incident.resolved_at is not None:
        return State.RESOLVED
    if incident.waiting_since is not None:
        return State.WAITING
    return State.NEW if incident.acknowledged_at is None else State.ACKNOWLEDGED


def allowed(state: State) -> list[Command]:
    """What can be done now, in the order of the table."""
    return [command for command, row in TABLE.items() if state in row.since]


def why_nothing_to_do(command: Command, state: State) -> str:
    """Why the command changes nothing in this state; nothing when it does. Raises Refused where it is not allowed."""
    row = TABLE[command]
    if state in row.since:
        return ""
    if state in row.has_happened:
        return row.message
    ways = ", ".join(each.replace("_", " ") for each in allowed(state))
    raise Refused(
        f"An incident that is {state.label.lower()} does not allow “{command.replace('_', ' ')}”."
        f" What it allows now: {ways}."
    )
