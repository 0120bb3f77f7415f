"""Keeping on the board what should have renewed and did not, with every reason."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db import db
from portal.domain.events import RenewalHeld
from portal.domain.renewals.models import RenewalCase
from portal.signals import send


def hold(held: Mapping[int, tuple[date, list[str]]], *, as_of: date, at: datetime) -> None:
    """held: service id → (start of the term that did not begin, every reason). People are told of new reasons."""
    if not held:
        return
    known = _known(held)
    for service_id, (starts, reasons) in held.items():
        if known.get((service_id, starts)) != reasons:
            facts = RenewalHeld(service_id=service_id, term_start=starts, reasons="; ".join(reasons))
            send(facts, by=None, at=at)
    rows = [
        {"client_service_id": service_id, "term_start": starts, "held_reasons": reasons, "held_on": as_of}
        for service_id, (starts, reasons) in held.items()
    ]
    kept = insert(RenewalCase)
    told = {"held_reasons": kept.excluded.held_reasons, "held_on": kept.excluded.held_on}
    db.session.execute(
        kept.on_conflict_do_update(index_elements=["client_service_id", "term_start"], set_=told), rows
    )


def _known(held: Mapping[int, Any]) -> dict[tuple[int, date], list[str]]:
    cases = sa.select(RenewalCase.client_service_id, RenewalCase.term_start, RenewalCase.held_reasons)
    rows = db.session.execute(cases.where(RenewalCase.client_service_id.in_(list(held))))
    return {(service_id, starts): reasons for service_id, starts, reasons in rows}
