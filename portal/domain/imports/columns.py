"""What a column, a check between columns and a file are; and the judges that the checks ask."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from portal.domain.imports import cells
from portal.domain.imports.cells import Parser
from portal.domain.lifecycle.rules import Status
from portal.domain.periods import Cycle
from portal.domain.staff.permissions import GRANTS, Permission, Role


@dataclass(frozen=True)
class Column:
    """One column. `refers` names the file whose key its cells hold; `called` is what a person calls that.

    An empty cell is a fault, or where the column is optional `blank`.
    """

    name: str
    parse: Parser
    optional: bool = False
    blank: Any = None
    refers: str = ""
    called: str = ""
    is_prose: bool = False


@dataclass(frozen=True)
class Check:
    """What must hold between cells: `judge` gets the values named by `needs` and says what is wrong, if so.

    "technician.role" is the role of the person that the technician column names. A check is left out when a
    value that it needs is itself at fault, or is of a row that is.
    """

    column: str
    needs: tuple[str, ...]
    judge: Callable[..., str | None]


@dataclass(frozen=True)
class File:
    """`key`: the columns that name a row. `repeated`: the column blamed when a key comes again, and why."""

    name: str
    columns: Sequence[Column]
    key: tuple[str, ...]
    repeated: tuple[str, str]
    checks: Sequence[Check] = ()

    @property
    def filename(self) -> str:
        return f"{self.name}.csv"

    @property
    def titles(self) -> list[str]:
        return [column.name for column in self.columns]


def ref(name: str, file: str, called: str, optional: bool = False) -> Column:
    parse = cells.email if file == "staff" else cells.text(200)
    return Column(name, parse, optional=optional, refers=file, called=called)


def who(permission: Permission) -> Callable[..., str | None]:
    """A person whose role has the permission; for others it is said what they are."""
    return lambda role: None if role is None or role in GRANTS[permission] else ROLES[role]


def unless(fault: str, holds: Callable[..., bool]) -> Callable[..., str | None]:
    return lambda *values: None if holds(*values) else fault


def in_order(fault: str) -> Callable[..., str | None]:
    """The second of two dates or instants is not before the first; a missing one says nothing."""
    return unless(fault, lambda first, then: None in (first, then) or first <= then)


ROLES = {
    Role.ADMIN: "is an admin",
    Role.ACCOUNT_MANAGER: "is an account manager",
    Role.TECHNICIAN: "is a technician",
    Role.FINANCE: "is in finance",
    Role.VIEWER: "is a viewer",
}


def same_currency(currency: str, of_client: str) -> str | None:
    return None if currency == of_client else "currency is not the client's"


def keeps_currency(currency: str, stored: str, has_services: bool) -> str | None:
    return "a client with services keeps its currency" if has_services and currency != stored else None


def two_people(technician: str | None, backup: str | None) -> str | None:
    same = technician is not None and technician == backup
    return "technician and backup are the same person" if same else None


def dated_cancellation(status: Status, cancelled_on: date | None) -> str | None:
    if status is Status.CANCELLED:
        return None if cancelled_on else "cancelled without a date"
    return "date of a cancellation, and the service is not cancelled" if cancelled_on else None


def ends_after_start(start: date, end: date | None) -> str | None:
    return "ends before it starts" if end and end <= start else None


def priced_once(cycle: Cycle, month_price: int) -> str | None:
    return "one-time work has no monthly price" if cycle is Cycle.ONE_TIME and month_price else None


def downtime_in_order(start: datetime | None, end: datetime | None) -> str | None:
    if end and not start:
        return "an end without a start"
    return "ends before it starts" if start and end and end < start else None
