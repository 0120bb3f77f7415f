"""The whole portal behind a real address, with a small book of business and a little of everything in it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page

from portal import clock, demo
from portal.db import db, transaction
from portal.domain import billing, imports, lifecycle, staff
from portal.domain.billing.models import Invoice
from portal.domain.lifecycle import ClientService
from portal.domain.staff import User, sign_in
from portal.domain.words import InvoiceStatus
from portal.jobs import batches, worker
from portal.web.session import cookie_name
from tests.books import book_of
from tests.browsing import Browser as Visitor
from tests.chromium import chromium, served, watched
from tests.clock import TestClock
from tests.conftest import empty_the_database
from tests.security.samples import World
from tests.security.walk import routes

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CLIENTS = ("C1001", "C1002", "C1004", "C1010", "C1022")


@dataclass
class Desk:
    """`pages`: the address of every page that an admin can open. `service`: active, with money and incidents."""

    app: Flask
    address: str
    window: Browser
    world: World
    service: ClientService
    pages: list[str]

    @property
    def home(self) -> str:
        return f"/services/{self.service.id}"

    def seat(self, user: User, **wishes: Any) -> AbstractContextManager[Page]:
        """A browser of one's own, signed in."""
        return watched(self.window, self.address, cookies={cookie_name(): token_for(user)}, **wishes)


def token_for(user: User) -> str:
    with transaction():
        return sign_in.open_session(user=user, address="127.0.0.1", user_agent="test", at=clock.now())


@pytest.fixture(scope="package")
def desk(app: Flask) -> Iterator[Desk]:
    with TestClock(NOON).in_charge(), app.app_context(), chromium() as window, served(app) as address:
        try:
            world = furnish()
            yield Desk(app, address, window, world, world.service, pages_of(app, world))
        finally:
            db.session.remove()
            empty_the_database()


def furnish() -> World:
    """The book, work in progress, a bill run with a payment, a cancellation that is to come, and what was told."""
    book = {name: text.encode() for name, text in book_of(*CLIENTS).items()}
    with transaction():
        imports.load(book, source="A small book", by=None, at=NOON)
        staff.set_demo_password(password=demo.DEMO_PASSWORD, by=None, at=NOON)
    with transaction():
        demo.begin_to_set_up(NOON)
    world = World.make()
    world.service = service_named("Managed IT Premium – Cedar")
    batches.bill(date(2026, 12, 1))
    invoice = db.session.scalars(sa.select(Invoice).filter_by(status=InvoiceStatus.ISSUED)).first()
    assert invoice is not None
    with transaction():
        billing.record_payment(
            invoice_id=invoice.id, amount=invoice.open_amount, received_on=date(2026, 11, 20),
            method="transfer", reference="R-1", by=world.cast.fay.id, at=NOON,
        )  # fmt: skip
        lifecycle.cancel(
            service_id=service_named("Endpoint Detection – Pioneer").id,
            effective_on=date(2026, 12, 31),
            reason="The client leaves.",
            by=world.cast.ana.id,
            at=NOON,
        )
    worker.drain_all()
    return world


def service_named(name: str) -> ClientService:
    return db.session.scalars(sa.select(ClientService).filter_by(name=name)).one()


def pages_of(app: Flask, world: World) -> list[str]:
    """Every GET route that answers an admin with a whole page, and some that look different in another state."""
    visitor = Visitor(app).sign_in(world.cast.adi)
    asked = [route.address(world, world.cast.adi) for route in routes(app) if route.method == "GET"]
    asked += more_pages(world)
    db.session.rollback()  # nothing is held open while many pages are asked for
    answers = {path: visitor.ask("GET", path) for path in dict.fromkeys(asked)}
    return [path for path, answer in answers.items() if answer.soup.find("main")]


def more_pages(world: World) -> list[str]:
    """Services in each state with each of their tabs, invoices in each state, and what is not there."""
    by_state = sa.select(sa.func.min(ClientService.id)).group_by(
        ClientService.status, ClientService.provisioning_status
    )
    services = db.session.scalars(by_state).all()
    invoices = db.session.scalars(sa.select(sa.func.min(Invoice.id)).group_by(Invoice.status)).all()
    leaving = service_named("Endpoint Detection – Pioneer").id
    paused = db.session.scalars(sa.select(ClientService.id).filter_by(status="suspended")).first()
    ready = db.session.scalars(
        sa.select(ClientService.id).filter_by(status="pending", provisioning_status="completed")
    ).first()
    return [
        *(f"/services/{id}" for id in (*services, leaving)),
        *(f"/provisioning/{id}" for id in services),
        *(f"/invoices/{id}" for id in invoices),
        *(
            f"/services/{world.service.id}?tab={tab}"
            for tab in ("invoices", "incidents", "provisioning", "notices")
        ),
        f"/services/{paused}/resume",
        f"/services/{ready}/activate",
        f"/services/{leaving}/withdraw-cancellation",
        "/services?status=active&q=cedar",
        "/services?q=nothing+is+called+so",
        "/no/such/page",
    ]


@pytest.fixture
def page(desk: Desk) -> Iterator[Page]:
    """Adi's browser."""
    with desk.seat(desk.world.cast.adi) as page:
        yield page
