"""The reaction map (screen 3): which listeners hear of which event.

One line per event; a listener is a function of portal/jobs/<topic>.py, at most 15 lines long, that calls a
domain action. What a listener is: portal/outbox. An event that nobody reacts to has an empty tuple: the map
says so on purpose.
"""

from collections.abc import Mapping

from portal.domain import events as e
from portal.jobs import billing
from portal.outbox import Listener


def _billing(react: billing.Reaction) -> Listener:
    return Listener(react.__name__, "billing", handle=react)


REACTIONS: Mapping[type[e.Event], tuple[Listener, ...]] = {
    e.ServiceActivated:     (_billing(billing.create_recurring_billing),),
    e.ServiceSuspended:     (_billing(billing.suspend_recurring_billing),),
    e.ServiceResumed:       (_billing(billing.resume_recurring_billing),),
    e.ServiceCancelled:     (_billing(billing.end_recurring_billing),),
    e.ServiceCompleted:     (_billing(billing.end_recurring_billing),),
    e.ServiceRenewed:       (_billing(billing.extend_recurring_billing),),
    e.ServiceTransferred:   (_billing(billing.move_recurring_billing),),
    e.PriceChanged:         (_billing(billing.adjust_recurring_billing),),
}  # fmt: skip
