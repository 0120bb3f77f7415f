"""The families of "no".

Every text here is read by a person: it says what was refused and what to do next. Routes turn a
`DomainError` into a page with its `status`; whatever is not a `DomainError` is a fault and is logged.
"""

from collections.abc import Iterable, Mapping


class DomainError(Exception):
    """The business says no; nothing was changed."""

    status = 409

    @property
    def message(self) -> str:
        return str(self)


class Refused(DomainError):
    """A rule forbids this now; the text names the rule and the way out."""


class NotFound(DomainError):
    """It does not exist, or is not for the person who asked: the two are not told apart."""

    status = 404


class Invalid(DomainError):
    """What was entered cannot be used; `faults` says why, field by field."""

    status = 422

    def __init__(self, message: str = "", *, faults: Mapping[str, str] | None = None) -> None:
        self.faults: dict[str, str] = dict(faults or {})
        super().__init__(message or " ".join(self.faults.values()) or "Please check what you entered.")


class StaleVersion(DomainError):
    """Somebody saved first; `theirs` maps each field to (what you entered, what is stored now)."""

    def __init__(self, message: str = "", *, theirs: Mapping[str, tuple[str, str]] | None = None) -> None:
        self.theirs: dict[str, tuple[str, str]] = dict(theirs or {})
        super().__init__(
            message
            or "Somebody else changed this while you were editing, so nothing was saved."
            " Compare both values and save again."
        )


class InvalidTransition(DomainError):
    """A command that the present state does not allow; names the state, the command and what is allowed."""

    def __init__(self, state: str, command: str, allowed: Iterable[str]) -> None:
        self.state = str(state)
        self.command = str(command)
        self.allowed: tuple[str, ...] = tuple(str(each) for each in allowed)
        way_out = ", ".join(each.replace("_", " ") for each in self.allowed)
        super().__init__(
            f"A service that is {self.state} does not allow “{self.command.replace('_', ' ')}”. "
            + (f"What it allows now: {way_out}." if way_out else "Nothing more can be done with it.")
        )
