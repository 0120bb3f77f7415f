"""The desk at which an import is worked: what it was given, what it did, and how rows are kept."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm.interfaces import ORMOption

from portal import clock
from portal.db import db
from portal.domain import fields
from portal.domain.events import Event
from portal.domain.fields import Changes
from portal.domain.imports.checking import Row
from portal.domain.imports.reading import Fault
from portal.domain.staff import User
from portal.signals import send_each

Columns = dict[str, Any]


@dataclass(slots=True)
class Tally:
    created: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the rows of one file: new ones, and changed ones with what they were and are."""

    created: list[tuple[Row, Any]]
    changed: list[tuple[Row, Any, Changes]]


@dataclass(slots=True)
class Desk:
    rows: Mapping[str, Sequence[Row]]
    by: int | None
    at: datetime
    today: date
    tallies: dict[str, Tally] = field(default_factory=dict)
    created: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    faults: list[Fault] = field(default_factory=list)

    def keep(
        self,
        file: str,
        model: type[Any],
        stored: Mapping[Any, Any],
        *,
        key: Callable[[Row], Any],
        facts: Callable[[Row], Columns],
        born: Callable[[Row], Columns],
        touched: Mapping[Any, Changes] = MappingProxyType({}),
    ) -> Kept:
        """Make the rows that are not stored, of `facts` and `born`; give those that are the `facts`.

        touched: what was changed of stored rows beside their own columns, by key.
        """
        tally = self.tallies[file] = Tally()
        kept = Kept([], [])
        for row in self.rows[file]:
            found = stored.get(key(row))
            if found is None:
                kept.created.append((row, model(**facts(row), **born(row))))
                continue
            changes = fields.assign(found, facts(row)) | touched.get(key(row), {})
            if changes or key(row) in touched:
                kept.changed.append((row, found, changes))
            else:
                tally.unchanged += 1
        tally.created, tally.updated = len(kept.created), len(kept.changed)
        self.created[file] = [made for _, made in kept.created]
        db.session.add_all(self.created[file])
        db.session.flush()
        return kept

    def tell(self, kind: type[Event], facts: Sequence[Columns]) -> None:
        """One event for each of these facts, in one statement."""
        if facts:
            send_each(kind, _as_select(kind, facts), by=self.by, at=self.at)

    def keys(self, file: str, column: str) -> set[str]:
        """What stands in a column, empty cells left out."""
        return {row[column] for row in self.rows[file] if row[column]}


def stored_by(
    column: InstrumentedAttribute[Any], keys: Iterable[str], *options: ORMOption, to_change: bool = False
) -> dict[Any, Any]:
    """The stored rows whose column has one of these values, by that value; `to_change` locks them."""
    model = column.class_
    among = column == sa.any_(sa.literal(sorted(keys), ARRAY(sa.Text)))
    found = sa.select(model).where(among).options(*options).order_by(model.id)
    if to_change:
        found = found.with_for_update(of=model).execution_options(populate_existing=True)
    return {getattr(row, column.key): row for row in db.session.scalars(found)}


def midnight(day: date) -> datetime:
    """The instant at which a business date begins."""
    return datetime.combine(day, time.min, clock.company_zone())


def names_of_people() -> dict[int | None, str]:
    """Everybody's name, by id; None is nobody."""
    names: dict[int | None, str] = {None: "nobody"}
    names.update((row.id, row.name) for row in db.session.execute(sa.select(User.id, User.name)))
    return names


def named(changes: Changes, **names: Mapping[Any, str]) -> Changes:
    """The changes for people to read: under technician_id=names, the names stand in place of the ids."""
    return {
        column.removesuffix("_id"): (names[column][before], names[column][after])
        if column in names
        else (before, after)
        for column, (before, after) in changes.items()
    }


def id_of(row: Any) -> int | None:
    return None if row is None else int(row.id)


def _as_select(kind: type[Event], facts: Sequence[Columns]) -> sa.Select[Any]:
    types: dict[str, Any] = {kind.subject_field: sa.BigInteger(), "changes": JSONB()}
    columns: list[Any] = [sa.column(name, types.get(name, sa.Text())) for name in facts[0]]
    given = sa.literal(json.loads(json.dumps(facts, default=_plain)), JSONB)
    rows = sa.func.jsonb_to_recordset(given).table_valued(*columns, name="given")
    return sa.select(rows.render_derived(with_types=True))


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
