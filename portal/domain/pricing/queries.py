"""Reading the price timetable."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from portal.db import db
from portal.domain.errors import NotFound
from portal.domain.lifecycle.models import ClientService
from portal.domain.pricing.models import PriceChange
from portal.domain.pricing.rules import Terms, applied, applied_in_turn
from portal.domain.pricing.terms import terms_of
from portal.domain.words import PriceState


def planned(service_id: int, upto: date | None = None, *, to_change: bool = False) -> Sequence[PriceChange]:
    """The planned changes of a service, in the order in which they take effect; locked, if they are `to_change`."""
    rows = sa.select(PriceChange).filter_by(client_service_id=service_id, state=PriceState.PLANNED)
    if upto is not None:
        rows = rows.where(PriceChange.effective_on <= upto)
    in_turn = rows.order_by(PriceChange.effective_on, PriceChange.id)
    if to_change:
        in_turn = in_turn.with_for_update(of=PriceChange).execution_options(populate_existing=True)
    return db.session.scalars(in_turn.options(joinedload(PriceChange.batch))).all()


def planned_of(ids: Sequence[int]) -> Mapping[int, Sequence[PriceChange]]:
    """What is planned for each of these services, in order; nothing for one that has nothing planned."""
    rows = sa.select(PriceChange).where(
        PriceChange.client_service_id.in_(ids), PriceChange.state == PriceState.PLANNED
    )
    found: dict[int, list[PriceChange]] = defaultdict(list)
    in_turn = rows.order_by(PriceChange.effective_on, PriceChange.id)
    for row in db.session.scalars(in_turn.options(joinedload(PriceChange.batch))):
        found[row.client_service_id].append(row)
    return found


def terms_on(service: ClientService, day: date) -> Terms:
    """What will hold on that day, once everything planned up to it has taken effect."""
    changes = (row.change(service.currency) for row in planned(service.id, day))
    return applied_in_turn(terms_of(service), changes)


def due_services(as_of: date, at_most: int) -> Sequence[int]:
    """Ids of the next services for which something is planned up to that day."""
    due = sa.select(PriceChange.client_service_id).filter_by(state=PriceState.PLANNED)
    ids = due.where(PriceChange.effective_on <= as_of).distinct().order_by(PriceChange.client_service_id)
    return db.session.scalars(ids.limit(at_most)).all()


def change_of(service_id: int, change_id: int) -> PriceChange:
    """That change of that service. Raises NotFound."""
    found = db.session.scalar(sa.select(PriceChange).filter_by(id=change_id, client_service_id=service_id))
    if found is None:
        raise NotFound("There is no such price change.")
    return found


def failed(service_id: int) -> Sequence[PriceChange]:
    """What could not be carried out on its day, and waits for a person; until a later change."""
    later = aliased(PriceChange)
    is_past = sa.exists().where(
        later.client_service_id == service_id, later.state == PriceState.DONE, later.id > PriceChange.id
    )
    rows = sa.select(PriceChange).filter_by(client_service_id=service_id, state=PriceState.FAILED)
    return db.session.scalars(rows.where(~is_past).order_by(PriceChange.id)).all()


@dataclass(frozen=True)
class Step:
    """A planned change with what the cycle will cost before and after it."""

    row: PriceChange
    before: Terms
    after: Terms

    @property
    def says(self) -> list[str]:
        """What is set, in words: "quantity 12", "10 % off until 2027-06-01", "the discount ends"."""
        parts = []
        if self.after.quantity != self.before.quantity:
            parts.append(f"quantity {self.after.quantity}")
        if self.after.discount != self.before.discount:
            parts.append(f"{self.after.discount} off" if self.after.discount else "the discount ends")
        return parts


def timetable(service: ClientService) -> list[Step]:
    """What is planned, step by step; a step that changes nothing any more is left out."""
    steps, terms = [], terms_of(service)
    for row in planned(service.id):
        after = applied(terms, row.change(service.currency))
        if after != terms:
            steps.append(Step(row, terms, after))
        terms = after
    return steps
