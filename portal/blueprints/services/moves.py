"""What can be done with a service: the buttons, the pages that ask, and the acts read this one table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_login import current_user

from portal.blueprints.services import forms, outcomes, price_form, price_outcome
from portal.blueprints.services.outcomes import Outcome
from portal.domain import lifecycle, provisioning
from portal.domain.lifecycle import ClientService, Command
from portal.domain.lifecycle.queries import why_not_complete
from portal.domain.lifecycle.rules import ProvisioningStatus
from portal.domain.pricing import actions as pricing
from portal.domain.staff import Permission, may


@dataclass(frozen=True)
class Move:
    """One move as people meet it.

    `form`: what has to be entered; `outcome`: what will happen with what was entered so far; `act`: the domain's
    verb, given what the form's `arguments` gives. `offered`: whether it makes sense beyond what the table of moves
    says, and `why_not` what is said when not; `command` None: the move is no command of that table. `rank`: how it
    looks among the buttons.
    """

    slug: str
    label: str
    icon: str
    command: Command | None
    needs: Permission
    form: type[forms.MoveForm]
    outcome: Callable[[ClientService, Any], Outcome]
    act: Callable[..., ClientService]
    done: str
    kind: str = "primary"
    rank: str = ""
    offered: Callable[[ClientService], bool] = lambda service: True
    why_not: str = ""

    @property
    def endpoint(self) -> str:
        return self.slug.replace("-", "_")


def _is_renewable(service: ClientService) -> bool:
    return service.end_date is not None and not service.has_scheduled_cancellation


def _change_price(**facts: Any) -> ClientService:
    return pricing.change(**facts).service


MOVES: dict[str, Move] = {
    move.slug: move
    for move in (
        Move("activate", "Activate", "rocket", Command.ACTIVATE, Permission.ACTIVATE, forms.ActivateForm,
             outcomes.of_activation, lifecycle.activate, "{name} is active.", rank="primary"),
        Move("resume", "Resume", "player-play", Command.RESUME, Permission.SUSPEND, forms.MoveForm,
             outcomes.of_resumption, lifecycle.resume, "{name} runs again.", rank="primary"),
        Move("renew", "Renew", "refresh", Command.RENEW, Permission.RENEW, forms.RenewForm,
             outcomes.of_renewal, lifecycle.renew, "{name} is renewed.", offered=_is_renewable),
        Move("change-price", "Change price", "tag", None, Permission.CHANGE_PRICE, price_form.PriceForm,
             price_outcome.of_price_change, _change_price, "The price change of {name} is recorded.",
             offered=price_form.can_change,
             why_not="The price of this service cannot change: it has ended, or its work is billed already."),
        Move("suspend", "Suspend", "player-pause", Command.SUSPEND, Permission.SUSPEND, forms.SuspendForm,
             outcomes.of_suspension, lifecycle.suspend, "{name} is suspended.", kind="danger"),
        Move("assign", "Assign", "user", Command.ASSIGN_TECHNICIANS, Permission.WORK_PROVISIONING, forms.AssignForm,
             outcomes.of_assignment, provisioning.assign, "{name} is assigned."),
        Move("transfer", "Transfer", "transfer", Command.TRANSFER, Permission.TRANSFER, forms.TransferForm,
             outcomes.of_transfer, lifecycle.transfer, "{name} is handed over."),
        Move("complete", "Complete", "circle-check", Command.COMPLETE, Permission.CANCEL, forms.MoveForm,
             outcomes.of_completion, lifecycle.complete, "{name} is completed.",
             offered=lambda service: not why_not_complete(service)),
        Move("cancel", "Cancel", "ban", Command.CANCEL, Permission.CANCEL, forms.CancelForm,
             outcomes.of_cancellation, lifecycle.cancel, "The cancellation of {name} is recorded.", kind="danger"),
        Move("withdraw-cancellation", "Withdraw cancellation", "calendar-event", None, Permission.CANCEL,
             forms.MoveForm, outcomes.of_withdrawal, lifecycle.withdraw_cancellation,
             "{name} is not cancelled any more.",
             offered=lambda service: service.has_scheduled_cancellation,
             why_not="No cancellation is scheduled for this service: there is nothing to withdraw."),
    )
}  # fmt: skip


def offered(service: ClientService) -> list[Move]:
    """The moves that this person may make with this service now, in the order of the table."""
    commands = lifecycle.allowed_commands(
        service.status, service.provisioning_status, override=may_override(service)
    )
    return [
        move
        for move in MOVES.values()
        if may(current_user, move.needs)
        and (move.command is None or move.command in commands)
        and move.offered(service)
    ]


def may_override(service: ClientService) -> bool:
    """Whether this person may activate it although its provisioning is not completed."""
    unfinished = service.provisioning_status is not ProvisioningStatus.COMPLETED
    return unfinished and may(current_user, Permission.OVERRIDE_PROVISIONING)
