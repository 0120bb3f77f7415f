"""Lists as people keep them: filters, sort and columns under a name."""

from portal.domain.views.actions import remove, save
from portal.domain.views.models import SavedView
from portal.domain.views.queries import default_of, of_list

__all__ = ["SavedView", "default_of", "of_list", "remove", "save"]
