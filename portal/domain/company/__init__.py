"""What holds for the whole company."""

from portal.domain.company.actions import change
from portal.domain.company.queries import all_settings, setting

__all__ = ["all_settings", "change", "setting"]
