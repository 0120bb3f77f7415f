"""The pages of the business settings."""

import pytest

from portal.domain import company
from portal.domain.company.rules import PAGES, SETTINGS, on_page

pytestmark = pytest.mark.usefixtures("session", "clock")


@pytest.fixture
def adi(cast, browser):
    return browser.sign_in(cast.adi)


def shown(page):
    """What a person would send from this page."""
    form = page.soup.find("form", action=page.answer.request.path)
    fields = {each["name"]: each.get("value", "") for each in form.select("input[name]:not([type=checkbox])")}
    fields |= {each["name"]: each.text.strip() for each in form.select("textarea")}
    return fields | {
        each["name"]: each.get("value", "y") for each in form.select("input[type=checkbox][checked]")
    }


def test_settings_begin_with_their_first_page(adi):
    assert adi.get("/settings").headers["Location"] == "/settings/company"


@pytest.mark.parametrize("name", PAGES)
def test_each_setting_says_what_a_change_affects(adi, name):
    page = adi.get(f"/settings/{name}")
    for setting in on_page(name):
        assert page.soup.find(id=setting.key)
        assert setting.effect in page.text


@pytest.mark.parametrize("name", PAGES)
def test_saving_a_page_as_it_is_changes_nothing(adi, name):
    before = company.all_settings()
    assert adi.post(f"/settings/{name}", shown(adi.get(f"/settings/{name}"))).status == 303
    assert company.all_settings() == before
    assert company.version_of(name) == "default"


CHANGED = {
    "company_address": ("1 Main St\r\nBerlin", "1 Main St\nBerlin"), "invoice_prefix": ("R-", "R-"),
    "approve_runs": ("y", True), "books_closed_until": ("2026-10-01", "2026-10-01"), "grace_days": ("14", 14),
    "totp_required_roles": (["finance", "admin"], ["admin", "finance"]), "idle_minutes": ("20", 20),
    "review_days": ("180", 180),
}  # fmt: skip


@pytest.mark.parametrize("key", CHANGED)
def test_a_setting_of_every_kind_is_saved_and_shown_again(adi, key, cast):
    name = next(setting.page for setting in SETTINGS if setting.key == key)
    sent, stored = CHANGED[key]
    if key == "totp_required_roles":  # an admin without a second step would be sent to set one up
        sent, stored = ["finance"], ["finance"]
    assert adi.post(f"/settings/{name}", shown(adi.get(f"/settings/{name}")) | {key: sent}).status == 303
    assert company.setting(key) == stored
    assert company.setting("credit_on_suspend") is True
    page = adi.get(f"/settings/{name}")
    assert "Settings changed" in page.text
    assert cast.adi.name in page.text


def test_a_box_that_is_not_ticked_turns_a_setting_off(adi):
    fields = shown(adi.get("/settings/finance"))
    del fields["credit_on_suspend"]
    adi.post("/settings/finance", fields)
    assert company.setting("credit_on_suspend") is False


def test_a_fault_stands_at_its_field_and_what_was_entered_is_kept(adi):
    answer = adi.post("/settings/security", shown(adi.get("/settings/security")) | {"idle_minutes": "1"})
    assert answer.status == 422
    assert "from 5 to 1440" in answer.soup.find(id="idle_minutes-error").text
    assert answer.value("idle_minutes") == "1"


def test_a_stale_page_shows_both_values_and_wins_when_it_is_sent_again(adi, clock):
    fields = shown(adi.get("/settings/renewals"))
    adi.post("/settings/renewals", fields | {"grace_days": "10"})
    clock.advance(minutes=1)
    answer = adi.post("/settings/renewals", fields | {"grace_days": "20"})
    assert (answer.status, company.setting("grace_days")) == (409, 10)
    row = answer.soup.find("th", string="Grace after the end of a term").parent
    assert [cell.text for cell in row.find_all("td")] == ["20", "10"]
    again = fields | {"grace_days": "20", "version": answer.value("version")}
    assert adi.post("/settings/renewals", again).status == 303
    assert company.setting("grace_days") == 20


def test_a_page_that_does_not_exist_is_404(adi):
    assert adi.get("/settings/nothing").status == 404
    assert adi.post("/settings/nothing", {}).status == 404
