"""Telling people what happened: each listener is the same act for another kind of event."""

from collections.abc import Callable

from portal.clock import now
from portal.domain import notices
from portal.outbox import Recorded


def notify(kind: str) -> Callable[[Recorded], None]:
    """The listener that tells of events of this kind; how and whom, the table of kinds says."""

    def tell(event: Recorded) -> None:
        service_id = event.subject_id if event.subject_type == "client_service" else None
        notices.notify(
            event_id=event.event_id, kind=kind, service_id=service_id, facts=event.payload, at=now()
        )

    return tell
