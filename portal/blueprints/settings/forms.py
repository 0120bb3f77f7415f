"""The form of one page of settings, made from the table of settings."""

from collections.abc import Callable

from wtforms import BooleanField, Field, StringField, TextAreaField
from wtforms.widgets import HiddenInput

from portal.domain.company.rules import Setting, on_page
from portal.domain.staff import Role
from portal.web.forms import CheckboxGroup, Needed, RecordForm


class SettingsForm(RecordForm):
    """Its version is that of the page, which is a text."""

    version = StringField(widget=HiddenInput())


def _number(setting: Setting) -> Field:
    return StringField(
        setting.label, [Needed()], description=setting.effect, render_kw={"inputmode": "numeric"}
    )


def _text(setting: Setting) -> Field:
    return StringField(setting.label, description=setting.effect)


def _lines(setting: Setting) -> Field:
    return TextAreaField(setting.label, description=setting.effect, render_kw={"rows": 4})


def _flag(setting: Setting) -> Field:
    return BooleanField(setting.label, description=setting.effect)


def _day(setting: Setting) -> Field:
    return StringField(setting.label, description=setting.effect, render_kw={"type": "date"})


def _roles(setting: Setting) -> Field:
    choices = [(role.value, role.label) for role in Role]
    return CheckboxGroup(setting.label, description=setting.effect, choices=choices, validate_choice=False)


FIELDS: dict[str, Callable[[Setting], Field]] = {
    "number": _number,
    "text": _text,
    "lines": _lines,
    "flag": _flag,
    "day": _day,
    "roles": _roles,
}


def form_of(page: str) -> type[SettingsForm]:
    """One field for each setting of the page, in their order."""
    fields = {setting.key: FIELDS[setting.kind](setting) for setting in on_page(page)}
    return type("PageForm", (SettingsForm,), fields)
