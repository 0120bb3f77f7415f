"""What can be done to many services at once: each is the act for one service, and the right that it needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.domain import lifecycle, provisioning, renewals
from portal.domain.errors import Refused
from portal.domain.lifecycle import ClientService
from portal.domain.staff.permissions import Permission


@dataclass(frozen=True)
class BulkCommand:
    """`arguments`: the names that `act` takes beside the service, `done` what is said of each service."""

    name: str
    label: str
    needs: Permission
    act: Callable[..., ClientService]
    done: str
    arguments: tuple[str, ...] = ()

    def check(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments that the command takes. Raises Refused when a reason is missing."""
        taken = {name: given.get(name) for name in self.arguments}
        if "reason" in taken and not str(taken["reason"] or "").strip():
            raise Refused("Say why the services are suspended: the clients will ask.")
        return taken


COMMANDS: dict[str, BulkCommand] = {
    command.name: command
    for command in (
        BulkCommand("suspend", "Suspend", Permission.SUSPEND, lifecycle.suspend, "Suspended", ("reason",)),
        BulkCommand("resume", "Resume", Permission.SUSPEND, lifecycle.resume, "Resumed"),
        BulkCommand(
            "assign", "Assign", Permission.WORK_PROVISIONING, provisioning.assign, "Assigned",
            ("technician_id", "backup_technician_id"),
        ),
        BulkCommand(
            "approve_renewals", "Approve renewals", Permission.RENEW, renewals.approve_as_shown, "Approved", ("shown",)
        ),
    )
}  # fmt: skip
