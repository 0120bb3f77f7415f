"""Rule book 3, read row by row, for every state and every command."""

from itertools import product

import pytest

from portal.domain.errors import DomainError, InvalidTransition
from portal.domain.lifecycle.rules import MOVES, Command, ProvisioningStatus, Status, allowed_commands, decide

# Copied by hand from the rule book: status (and provisioning status) → the commands it allows.
ALLOWED = {
    "pending pending": "start_provisioning assign_technicians configure_sla setup_monitoring"
    " complete_provisioning fail_provisioning cancel transfer",
    "pending in_progress": "assign_technicians configure_sla setup_monitoring"
    " complete_provisioning fail_provisioning cancel transfer",
    "pending completed": "assign_technicians configure_sla setup_monitoring activate cancel transfer",
    "pending failed": "start_provisioning assign_technicians configure_sla setup_monitoring cancel transfer",
    "active": "assign_technicians configure_sla setup_monitoring suspend cancel renew transfer complete",
    "suspended": "assign_technicians configure_sla setup_monitoring resume cancel transfer complete",
    "cancelled": "",
    "completed": "",
}
ALREADY_DONE = {
    "pending in_progress": "start_provisioning",
    "pending completed": "complete_provisioning",
    "pending failed": "fail_provisioning",
    "active": "activate resume",
    "suspended": "suspend",
    "cancelled": "cancel",
    "completed": "complete",
}
LEADS_TO = {
    "activate": "active",
    "suspend": "suspended",
    "resume": "active",
    "cancel": "cancelled",
    "complete": "completed",
}
PROVISIONING_LEADS_TO = {
    "start_provisioning": "in_progress",
    "complete_provisioning": "completed",
    "fail_provisioning": "failed",
}
EVERY_CASE = [pytest.param(*case, id=" ".join(case)) for case in product(Status, ProvisioningStatus, Command)]


def row(table, status, provisioning_status):
    key = f"pending {provisioning_status}" if status == "pending" else status
    return table.get(key, "").split()


@pytest.mark.parametrize(("status", "provisioning_status", "command"), EVERY_CASE)
def test_every_state_answers_every_command_as_the_rule_book_says(status, provisioning_status, command):
    if command in row(ALLOWED, status, provisioning_status):
        decision = decide(command, status, provisioning_status)
        assert not decision.already_done
        assert decision.message == ""
        assert decision.status == LEADS_TO.get(command, status)
        assert decision.provisioning_status == PROVISIONING_LEADS_TO.get(command, provisioning_status)
    elif command in row(ALREADY_DONE, status, provisioning_status):
        decision = decide(command, status, provisioning_status)
        assert decision.already_done
        assert (decision.status, decision.provisioning_status) == (status, provisioning_status)
        assert status in decision.message
    else:
        with pytest.raises(InvalidTransition) as refused:
            decide(command, status, provisioning_status)
        assert refused.value.command == command
        assert status in refused.value.state
        assert list(refused.value.allowed) == row(ALLOWED, status, provisioning_status)


@pytest.mark.parametrize(("status", "provisioning_status"), [*product(Status, ProvisioningStatus)])
def test_what_is_offered_is_what_is_allowed(status, provisioning_status):
    offered = allowed_commands(status, provisioning_status)
    assert list(offered) == row(ALLOWED, status, provisioning_status)


@pytest.mark.parametrize("provisioning_status", ProvisioningStatus)
def test_an_override_activates_whatever_the_provisioning(provisioning_status):
    decision = decide(Command.ACTIVATE, Status.PENDING, provisioning_status, override=True)
    assert (decision.status, decision.provisioning_status) == (Status.ACTIVE, provisioning_status)
    assert Command.ACTIVATE in allowed_commands(Status.PENDING, provisioning_status, override=True)


@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.CANCELLED, Status.COMPLETED])
def test_an_override_overrides_nothing_but_the_provisioning(status):
    with pytest.raises(InvalidTransition):
        decide(Command.ACTIVATE, status, ProvisioningStatus.COMPLETED, override=True)


def test_a_refusal_names_the_state_the_command_and_the_way_out():
    with pytest.raises(DomainError) as refused:
        decide(Command.RENEW, Status.SUSPENDED, ProvisioningStatus.COMPLETED)
    text = refused.value.message
    assert "suspended" in text
    assert "“renew”" in text
    assert "resume" in text
    assert refused.value.status == 409


def test_a_refusal_while_pending_says_how_far_the_provisioning_is():
    with pytest.raises(InvalidTransition, match=r"pending \(provisioning in progress\)"):
        decide(Command.ACTIVATE, Status.PENDING, ProvisioningStatus.IN_PROGRESS)


def test_the_end_allows_nothing_and_says_so():
    with pytest.raises(InvalidTransition, match="Nothing more can be done"):
        decide(Command.RESUME, Status.CANCELLED, ProvisioningStatus.COMPLETED)


def test_every_command_has_a_row_and_every_word_a_label():
    assert list(MOVES) == list(Command)
    assert Command.CONFIGURE_SLA.label == "Configure SLA"
    assert [status.label for status in Status] == ["Pending", "Active", "Suspended", "Cancelled", "Completed"]
    assert [each.label for each in ProvisioningStatus] == [
        "Not started",
        "In progress",
        "Completed",
        "Failed",
    ]
