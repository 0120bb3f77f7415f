"""The forms of signing in and of one's own account."""

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from portal.domain.staff import Theme
from portal.domain.staff.rules import PASSWORD_MAX, PASSWORD_MIN
from portal.web.forms import Needed

NEW_PASSWORD_HINT = f"At least {PASSWORD_MIN} characters. A few words in a row are good."
SAME = EqualTo("password", "The two entries differ. Enter the new password twice.")


def _password(label: str, *, autocomplete: str, hint: str = "", same: EqualTo | None = None) -> PasswordField:
    checks = [InputRequired("This cannot be empty."), Length(max=PASSWORD_MAX)] + ([same] if same else [])
    return PasswordField(label, checks, description=hint, render_kw={"autocomplete": autocomplete})


class LoginForm(FlaskForm):
    next = HiddenField()
    email = EmailField(
        "E-mail address",
        [InputRequired("Enter your e-mail address."), Length(max=254)],
        render_kw={"autocomplete": "username", "autofocus": True},
    )
    password = _password("Password", autocomplete="current-password")


class CodeForm(FlaskForm):
    next = HiddenField()
    code = StringField(
        "Code",
        [InputRequired("Enter the code."), Length(max=40)],
        render_kw={"autocomplete": "one-time-code", "autofocus": True},
    )


class ForgotForm(FlaskForm):
    email = LoginForm.email


class NewPasswordForm(FlaskForm):
    password = _password("New password", autocomplete="new-password", hint=NEW_PASSWORD_HINT)
    again = _password("New password, once more", autocomplete="new-password", same=SAME)


class ChangePasswordForm(FlaskForm):
    current = _password("Present password", autocomplete="current-password")
    password = NewPasswordForm.password
    again = NewPasswordForm.again


class ConfirmForm(FlaskForm):
    """Say the password again before a sensitive change."""

    current = ChangePasswordForm.current


class ProfileForm(FlaskForm):
    name = StringField(
        "Name", [InputRequired("Enter your name."), Length(max=120)], render_kw={"autocomplete": "name"}
    )
    timezone = SelectField("Time zone", [Needed()], description="Times on every page are shown in it.")
    theme = RadioField(
        "Theme",
        [Needed()],
        choices=[(Theme.AUTO, "As the system"), (Theme.LIGHT, "Light"), (Theme.DARK, "Dark")],
    )
