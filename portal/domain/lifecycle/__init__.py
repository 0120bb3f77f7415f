"""The life of a client service, from sold to ended."""

from portal.domain.lifecycle.actions import activate, complete, renew, resume, suspend, transfer
from portal.domain.lifecycle.cancelling import (
    cancel,
    carry_out_cancellations,
    fee_preview,
    withdraw_cancellation,
)
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.record import edit
from portal.domain.lifecycle.rules import Command, ProvisioningStatus, Status, allowed_commands
from portal.domain.lifecycle.selling import compose, provision

__all__ = [
    "ClientService", "Command", "ProvisioningStatus", "Status", "activate", "allowed_commands", "cancel",
    "carry_out_cancellations", "complete", "compose", "edit", "fee_preview", "provision", "renew", "resume", "suspend",
    "transfer", "withdraw_cancellation",
]  # fmt: skip
