"""What holds for the whole company."""

from portal.domain.company.actions import change
from portal.domain.company.queries import all_settings, setting, version_of

__all__ = ["all_settings", "change", "setting", "version_of"]
