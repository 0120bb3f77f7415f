"""The staff: accounts, signing in, the second step, and who may do what."""

from portal.domain.staff.actions import (
    add,
    ask_for_reset,
    change_password,
    change_role,
    deactivate,
    edit_profile,
    invite,
    make_reset_link,
    reactivate,
    send_invite,
    set_demo_password,
    use_link,
)
from portal.domain.staff.models import Step, Theme, User
from portal.domain.staff.permissions import GRANTS, Permission, Role, may, may_edit
from portal.domain.staff.second_step import remove as remove_second_step
from portal.domain.staff.sign_in import authenticate, claim_attempt, open_session, sign_out

__all__ = [
    "GRANTS", "Permission", "Role", "Step", "Theme", "User",
    "add", "ask_for_reset", "authenticate", "change_password", "change_role", "claim_attempt", "deactivate",
    "edit_profile", "invite", "make_reset_link", "may", "may_edit", "open_session", "reactivate",
    "remove_second_step", "send_invite", "set_demo_password", "sign_out", "use_link",
]  # fmt: skip
