"""What an admin enters about somebody."""

from flask_wtf import FlaskForm
from wtforms import EmailField, RadioField, StringField
from wtforms.validators import InputRequired, Length

from portal.domain.staff import Role
from portal.web.forms import Needed

ROLES = [
    (Role.ADMIN, "Admin: everything, and users, settings and operations"),
    (Role.ACCOUNT_MANAGER, "Account manager: sells, changes, renews and ends services; sees the money"),
    (Role.TECHNICIAN, "Technician: sets services up and works incidents; sees no money"),
    (Role.FINANCE, "Finance: bills and takes payments, suspends and resumes"),
    (Role.VIEWER, "Viewer: sees services and their health, without the money"),
]


class InviteForm(FlaskForm):
    name = StringField(
        "Name", [InputRequired("Enter a name."), Length(max=120)], render_kw={"autocomplete": "off"}
    )
    email = EmailField(
        "E-mail address",
        [InputRequired("Enter an address."), Length(max=254)],
        render_kw={"autocomplete": "off"},
    )
    role = RadioField("Role", [Needed()], choices=ROLES, default=Role.TECHNICIAN)


class RoleForm(FlaskForm):
    role = RadioField("Role", [Needed()], choices=ROLES)
