"""Messages to people."""

from portal.domain.notices.actions import notify, prefer, read, read_all, settle
from portal.domain.notices.kinds import KINDS

__all__ = ["KINDS", "notify", "prefer", "read", "read_all", "settle"]
