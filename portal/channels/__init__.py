"""The ways to reach a person: each module has `send(message, settings)`, called with no transaction open.

In-app notices need no sending: their row is the message.
"""

from portal.channels import email
from portal.domain.words import Channel

CHANNELS = {Channel.EMAIL: email}

__all__ = ["CHANNELS"]
