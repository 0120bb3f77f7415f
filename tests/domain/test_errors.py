"""A "no" has a status, a text for people, and the way out."""

import pytest

from portal.domain.errors import DomainError, Invalid, InvalidTransition, NotFound, Refused, StaleVersion


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (Refused("Not now. Try tomorrow."), 409),
        (NotFound("There is no such service."), 404),
        (Invalid(faults={"months": "A whole number."}), 422),
        (StaleVersion(), 409),
        (InvalidTransition("cancelled", "resume", []), 409),
    ],
)
def test_every_refusal_has_a_status_and_a_text(refusal, status):
    assert isinstance(refusal, DomainError)
    assert refusal.status == status
    assert refusal.message == str(refusal) != ""


def test_what_was_entered_is_answered_field_by_field():
    refusal = Invalid(faults={"months": "A whole number.", "price": "Not negative."})
    assert refusal.faults == {"months": "A whole number.", "price": "Not negative."}
    assert refusal.message == "A whole number. Not negative."
    assert (
        Invalid("Please start again.", faults={"months": "A whole number."}).message == "Please start again."
    )
    assert Invalid().message == "Please check what you entered."


def test_a_stale_save_shows_both_values():
    refusal = StaleVersion(theirs={"name": ("Backup", "Backup Plus")})
    assert refusal.theirs == {"name": ("Backup", "Backup Plus")}
    assert "nothing was saved" in refusal.message


def test_a_wrong_move_names_the_state_the_command_and_the_way_out():
    refusal = InvalidTransition("suspended", "renew", ["resume", "setup_monitoring"])
    assert (refusal.state, refusal.command, refusal.allowed) == (
        "suspended",
        "renew",
        ("resume", "setup_monitoring"),
    )
    assert refusal.message == (
        "A service that is suspended does not allow “renew”. What it allows now: resume, setup monitoring."
    )
