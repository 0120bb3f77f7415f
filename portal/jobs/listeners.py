"""The reaction map (screen 3): which listeners hear of which event.

One line per event; a listener is a function of portal/jobs/<topic>.py, at most 15 lines long, that calls a
domain action. What a listener is: portal/outbox. An event that nobody reacts to has an empty tuple: the map
says so on purpose.
"""

from collections.abc import Mapping

from portal.domain import events
from portal.outbox import Listener

REACTIONS: Mapping[type[events.Event], tuple[Listener, ...]] = {}
