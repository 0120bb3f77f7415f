"""The database: the session, the column types, and the only commit in the code base."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar, cast

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

from portal.domain.errors import NotFound
from portal.signals import events_committed

Row = TypeVar("Row")


class Base(DeclarativeBase):
    """Every constraint has a name that says what it guards, so that a later migration can find it."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)

Instant = Annotated[datetime, mapped_column(sa.DateTime(timezone=True))]
Id = Annotated[int, mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)]
Minor = Annotated[int, mapped_column(sa.BigInteger)]
Currency = Annotated[str, mapped_column(sa.String(3))]


def enum_type(values: type[StrEnum], name: str) -> sa.Enum:
    """A text column with a CHECK: readable in SQL, and a new value is a migration, not a type change."""
    return sa.Enum(
        values,
        name=name,
        native_enum=False,
        length=32,
        create_constraint=True,
        values_callable=lambda members: [member.value for member in members],
    )


class NestedTransaction(RuntimeError):
    """A business act was started inside another one: its commit would end the outer one half-way."""


@contextmanager
def transaction() -> Iterator[Session]:
    """One business act: everything in it is committed together, then its events are announced.

    Signals hang on this, not on after_commit, because that one also fires when a savepoint is released.
    Raises NestedTransaction inside another transaction().
    """
    session: Session = db.session()
    if session.info.get("in_transaction"):
        raise NestedTransaction("A business act is under way already; the caller opens the transaction.")
    session.info["in_transaction"] = True
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        session.info.pop("queues", None)
        raise
    finally:
        session.info["in_transaction"] = False
    queues: set[str] = session.info.pop("queues", set())
    if queues:
        events_committed.send(queues=queues)


def lock(model: type[Row], row_id: int) -> Row:
    """The row, locked until the transaction ends and read anew. Raises NotFound.

    Locks are taken in one order: batch (advisory) → client → service (ascending id) → invoice.
    """
    found = db.session.scalar(
        sa.select(model).filter_by(id=row_id).with_for_update().execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(f"There is no such {label(model)}.")
    return found


def fetch(model: type[Row], row_id: int) -> Row:
    """The row, not locked. Raises NotFound."""
    found = db.session.get(model, row_id)
    if found is None:
        raise NotFound(f"There is no such {label(model)}.")
    return found


def label(model: type[Any]) -> str:
    """What a person calls a row of this model."""
    return str(getattr(model, "__label__", model.__name__.lower()))


def table_of(model: type[Base]) -> sa.Table:
    """The table itself, for statements that take a list of parameter sets."""
    return cast(sa.Table, model.__table__)


def batch_lock(name: str) -> None:
    """Let one batch of this name run at a time; released when the transaction ends."""
    db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(name))))
