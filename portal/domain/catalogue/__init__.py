"""What is sold, and what is promised with it: products, SLA policies, business calendars."""

from portal.domain.catalogue.calendars import create_calendar, edit_calendar, remove_calendar
from portal.domain.catalogue.policies import create_policy, edit_policy, remove_policy, restore_policy
from portal.domain.catalogue.products import create_product, edit_product, remove_product, restore_product
from portal.domain.catalogue.queries import calendar_of

__all__ = [
    "calendar_of", "create_calendar", "create_policy", "create_product", "edit_calendar", "edit_policy",
    "edit_product", "remove_calendar", "remove_policy", "remove_product", "restore_policy", "restore_product",
]  # fmt: skip
