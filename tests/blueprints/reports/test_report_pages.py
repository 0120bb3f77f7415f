"""Asking for a report, looking on, and taking it away."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from portal.db import db, transaction
from portal.domain.reports import SlaReport
from portal.domain.sla.models import Incident
from portal.domain.words import JobState, Severity
from portal.jobs.worker import drain_all
from tests.documents.reading import text
from tests.factories import make_client, make_service

OCTOBER = {"period_start": "2026-10-01", "period_end": "2026-10-31"}


@pytest.fixture(autouse=True)
def _noon(clock, app, tmp_path, monkeypatch):
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], reports=tmp_path))


@pytest.fixture
def vic(browser, cast):
    return browser.sign_in(cast.vic)


@pytest.fixture
def service(session):
    client = make_client(code="Q1", name="Quarry Dental", timezone="UTC")
    service = make_service(client=client, status="active", name="Cloud Backup")
    with transaction():
        service.activated_at = service.monitored_from = datetime(2026, 9, 1, tzinfo=UTC)
        opened_at = datetime(2026, 10, 5, 9, tzinfo=UTC)
        db.session.add(
            Incident(
                client_service_id=service.id, title="Disk full", severity=Severity.HIGH, opened_at=opened_at
            )
        )
    return service


def asked() -> list[SlaReport]:
    return list(db.session.scalars(sa.select(SlaReport)))


def ask(browser, about, **changes):
    chosen = {"client": about.client.code, "service": str(about.id), **OCTOBER}
    return browser.post("/reports", chosen | changes)


def test_one_chooses_a_client_by_its_name(vic, service):
    make_client(name="Juniper Academy")
    assert "Juniper Academy" in vic.get("/reports/new").text
    found = vic.get("/reports/new?q=quarry")
    assert "Juniper Academy" not in found.text
    assert found.soup.find("a", string="Quarry Dental")["href"] == "/reports/new?client=Q1"
    assert "No client matches “zzz”" in vic.get("/reports/new?q=zzz").text


def test_the_form_begins_with_last_month_and_its_figures(vic, service):
    page = vic.get("/reports/new?client=Q1")
    assert (page.value("period_start"), page.value("period_end")) == ("2026-10-01", "2026-10-31")
    assert "All services, 1 Oct 2026 – 31 Oct 2026" in page.text
    for name, start in (
        ("This month so far", "2026-11-01"),
        ("Last quarter", "2026-07-01"),
        ("Last 12 months", "2025-11-01"),
    ):
        assert f"period_start={start}" in page.soup.find("a", string=name)["href"]


def test_the_preview_shows_the_figures_of_what_is_chosen(vic, service):
    chosen = f"client=Q1&service={service.id}&period_start=2026-10-01&period_end=2026-10-10"
    fragment = vic.get(f"/reports/preview?{chosen}", htmx=True)
    assert "Cloud Backup, 1 Oct 2026 – 10 Oct 2026" in fragment.text
    assert "100.00" in fragment.text and "Incidents 1" in fragment.text
    assert fragment.soup.find("input", attrs={"name": "period_end"})["value"] == "2026-10-10"


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2026-10-31", "2026-10-01", "The last day comes before the first one."),
        ("2026-12-01", "2026-12-31", "This period has not begun yet"),
        ("2020-01-01", "2026-10-31", "3 years at most"),
        ("", "2026-10-31", "Enter the first and the last day."),
        ("x", "9999-12-31", "Enter the first and the last day."),
        ("2026-10-01", "9999-12-31", "3 years at most"),
    ],
)
def test_a_period_that_cannot_be_reported_is_refused_in_words(vic, service, start, end, words):
    days = {"period_start": start, "period_end": end}
    preview = vic.get("/reports/preview", htmx=True, query_string={"client": "Q1", **days})
    assert words in preview.text and not preview.soup.find("form")
    answer = ask(vic, service, **days)
    assert answer.status == 422
    assert not asked()


def test_a_client_without_services_then_is_told_what_to_do(vic):
    make_client(code="E1", name="Empty Ltd")
    assert "Empty Ltd had no running service in this period." in vic.get("/reports/new?client=E1").text


def test_a_report_is_made_while_the_page_looks_on_and_can_be_taken_away(vic, service):
    answer = ask(vic, service)
    (report,) = asked()
    assert (answer.status, answer.headers["Location"]) == (303, f"/reports/{report.id}")
    waiting = vic.get(f"/reports/{report.id}")
    assert "Waiting for a worker" in waiting.text
    assert waiting.soup.find(id="report-result")["hx-get"] == f"/reports/{report.id}/progress"
    assert vic.get(f"/reports/{report.id}/file").status == 404

    drain_all()

    ready = vic.get(f"/reports/{report.id}/progress", htmx=True)
    assert "Download PDF" in ready.text and asked()[0].sha256 in ready.text
    assert not ready.soup.find(attrs={"hx-get": True})
    file = vic.get(f"/reports/{report.id}/file")
    assert "Disk full" in text(file.answer.data)
    assert file.headers["Content-Type"] == "application/pdf"
    assert file.headers["Content-Disposition"] == "attachment; filename=sla-Q1-2026-10-01-2026-10-31.pdf"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    listed = vic.get("/reports?q=quarry")
    assert listed.soup.find("a", href=f"/reports/{report.id}/file")
    assert "Vic Sand" in listed.text and "Cloud Backup" in listed.text


def test_a_double_click_asks_once(vic, service):
    assert ask(vic, service).headers["Location"] == ask(vic, service).headers["Location"]
    assert len(asked()) == 1


def test_a_report_of_somebody_elses_service_is_not_offered(vic, service):
    other = make_service(status="active")
    assert ask(vic, service, service=str(other.id)).status == 422
    assert not asked()


def test_a_report_that_failed_says_why_and_can_be_asked_for_again(vic, service):
    ask(vic, service)
    with transaction():
        (report,) = asked()
        report.state, report.error = JobState.FAILED, "Choose a shorter period."
    page = vic.get(f"/reports/{asked()[0].id}")
    assert "Choose a shorter period." in page.text
    again = page.soup.find("a", string=lambda words: words and "Ask again" in words) or page.soup.find(
        "a", href=lambda href: href and "period_start=2026-10-01" in href
    )
    assert vic.get(again["href"]).value("period_end") == "2026-10-31"


def test_a_report_that_takes_long_says_so(vic, service, clock):
    ask(vic, service)
    clock.advance(minutes=6)
    assert "takes longer than usual" in vic.get(f"/reports/{asked()[0].id}").text


def test_the_list_is_filtered_by_state_and_searched_by_client(vic, service):
    ask(vic, service)
    listed = vic.get("/reports?state=waiting")
    assert "Quarry Dental" in listed.text and "1 Oct 2026 – 31 Oct 2026" in listed.text
    assert "Quarry Dental" not in vic.get("/reports?state=failed").soup.find("main").get_text()
    assert "Quarry Dental" in vic.get("/reports?q=Q1").soup.find("main").get_text()
    assert "Quarry Dental" not in vic.get("/reports?q=zzz").soup.find("main").get_text()
