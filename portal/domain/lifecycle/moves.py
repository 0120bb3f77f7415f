"""The first step of every command: lock the service and ask the table of moves."""

from portal.db import lock
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Command, decide


def locked_for(command: Command, service_id: int, *, override: bool = False) -> tuple[ClientService, bool]:
    """The locked service, and whether there is something to do.

    Raises InvalidTransition, NotFound. A command that has happened before leaves its message on the service.
    """
    service = lock(ClientService, service_id)
    decision = decide(command, service.status, service.provisioning_status, override=override)
    service.already_done_message = decision.message
    return service, not decision.already_done
