"""The import page: upload, look on, and read what came of it."""

import csv
import io

import pytest
import sqlalchemy as sa

from portal import clock, outbox
from portal.db import db, transaction
from portal.domain import imports
from portal.domain.clients.models import Client
from portal.domain.imports import ImportRun
from portal.domain.words import JobState
from portal.jobs.worker import drain_all
from portal.outbox import Delivery
from tests.books import CLIENT, STAFF, bad_book, sheet, small_book, zipped


@pytest.fixture
def adi(browser, cast):
    return browser.sign_in(cast.adi)


def upload(browser, archive: bytes, *, name: str = "book.zip", **fields: str):
    return browser.post("/import", {"archive": (io.BytesIO(archive), name), **fields})


def run() -> ImportRun:
    return db.session.scalars(sa.select(ImportRun).order_by(ImportRun.id.desc())).first()


def clients() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Client))


def test_an_upload_is_taken_in_by_a_worker_while_the_page_looks_on(adi):
    answer = upload(adi, zipped(small_book()))
    assert (answer.status, answer.headers["Location"]) == (303, f"/import/{run().id}")
    waiting = adi.get(answer.headers["Location"])
    assert "Waiting for a worker" in waiting.text
    assert waiting.soup.find(id="import-result")["hx-get"] == f"/import/{run().id}/progress"

    drain_all()

    over = adi.get(f"/import/{run().id}/progress", htmx=True)
    assert "Everything was taken in" in over.text
    assert not over.soup.find(attrs={"hx-get": True})
    assert (run().state, run().archive, clients()) == (JobState.DONE, None, 1)
    listed = adi.get("/import")
    assert "book.zip" in listed.text and "Adi Okoro" in listed.text


def test_a_dry_run_says_what_would_happen_and_changes_nothing(adi):
    upload(adi, zipped(small_book()), is_dry_run="y")
    drain_all()
    page = adi.get(f"/import/{run().id}")
    assert "Dry run of book.zip" in page.text and "nothing was changed" in page.text
    assert "To create" in page.text
    assert clients() == 0


def test_faults_are_a_table_with_file_line_column_and_reason(adi):
    upload(adi, zipped(bad_book()))
    drain_all()
    page = adi.get(f"/import/{run().id}")
    assert "Nothing was imported: 25 faults." in page.text
    rows = [
        [cell.get_text(strip=True) for cell in row.find_all("td")] for row in page.soup.select("tbody tr")
    ]
    assert len(rows) == 25
    assert ["services.csv", "7", "monthly_cost", "more decimals than the currency has"] in rows
    assert (run().state, clients()) == (JobState.FAILED, 0)


def test_the_faults_can_be_downloaded_and_nothing_in_them_is_a_formula(adi):
    upload(adi, zipped(small_book(clients=sheet(CLIENT | {"=1+1": "x"}))))
    drain_all()
    file = adi.get(f"/import/{run().id}/faults.csv")
    rows = list(csv.reader(io.StringIO(file.body.removeprefix("\ufeff"))))
    assert rows == [["file", "row", "column", "fault"], ["clients.csv", "1", "'=1+1", "unknown column"]]


def test_a_name_in_a_file_is_shown_and_never_run(adi):
    title = "<script>alert(1)</script>"
    upload(adi, zipped(small_book(clients=sheet(CLIENT | {title: "x"}))), name=f"{title}.zip")
    drain_all()
    page = adi.get(f"/import/{run().id}")
    assert "<script>alert" not in page.body and title in page.text


@pytest.mark.parametrize("archive", [b"", b"not a zip", zipped({"notes": b""})])
def test_what_is_no_book_is_refused_beside_the_field(adi, archive):
    page = upload(adi, archive)
    assert page.status == 422
    assert page.soup.find(id="archive-error")
    assert run() is None


def test_an_upload_without_a_file_is_refused(adi):
    page = adi.post("/import")
    assert page.status == 422 and "Choose a zip file." in page.text


def test_a_role_that_cannot_change_is_a_fault_like_any_other(adi, cast):
    """Adi is the last admin, and asks for it besides."""
    demoted = STAFF + f"{cast.adi.email},Adi Okoro,viewer\n"
    upload(adi, zipped(small_book(staff=demoted)))
    drain_all()
    page = adi.get(f"/import/{run().id}")
    assert "Nobody changes their own role" in page.text
    assert clients() == 0


def test_an_import_that_never_ends_well_says_so_and_can_be_tried_again(adi, monkeypatch):
    upload(adi, zipped(small_book()))
    with monkeypatch.context() as broken:
        broken.setattr(imports, "carry_out", lambda **_: 1 / 0)
        broken.setattr(outbox, "TRIES", 1)
        drain_all()
    assert "could not finish this import" in adi.get(f"/import/{run().id}").text

    with transaction():
        parked = sa.select(Delivery.id).where(Delivery.parked_at.is_not(None))
        outbox.retry(delivery_id=db.session.scalars(parked).one(), by=None, at=clock.now())
    drain_all()
    assert "Everything was taken in" in adi.get(f"/import/{run().id}").text
    assert clients() == 1


def test_an_import_that_is_not_there_is_not_found(adi):
    assert adi.get("/import/999").status == 404
