"""The machine room."""

import pytest

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain.events import ServiceActivated
from portal.jobs import ring  # noqa: F401
from portal.outbox import Delivery, EventRecord
from portal.signals import send
from tests.factories import make_service


@pytest.fixture
def parked(cast, clock):
    service = make_service()
    with transaction():
        send(ServiceActivated(service_id=service.id), by=None, at=portal_clock.now())
    delivery = db.session.query(Delivery).filter_by(listener="create_recurring_billing").one()
    with transaction():
        delivery.parked_at, delivery.error, delivery.attempts = portal_clock.now(), "boom <b>", 8
    return delivery


def test_a_parked_delivery_is_shown_retried_and_given_up(browser, cast, parked):
    browser.sign_in(cast.adi)
    assert "1 parked deliveries wait" in browser.get("/ops").text
    assert "boom <b>" in browser.get(f"/ops/deliveries/{parked.id}").text
    assert browser.post(f"/ops/deliveries/{parked.id}/give-up").status == 303
    assert db.session.get_one(Delivery, parked.id).gave_up_by == cast.adi.id
    assert browser.post(f"/ops/deliveries/{parked.id}/retry").status == 303
    again = db.session.get_one(Delivery, parked.id)
    assert (again.parked_at, again.attempts) == (None, 0)
    kinds = {row.kind for row in db.session.query(EventRecord).filter_by(actor_id=cast.adi.id)}
    assert {"delivery_given_up", "delivery_retried"} <= kinds


def test_what_is_not_parked_cannot_be_retried(browser, cast, parked):
    browser.sign_in(cast.adi).post(f"/ops/deliveries/{parked.id}/retry")
    assert browser.post(f"/ops/deliveries/{parked.id}/retry").status == 409


@pytest.mark.parametrize("path", ["/ops/deliveries?state=parked", "/ops/runs", "/ops/mail"])
def test_every_list_opens(browser, cast, parked, path):
    assert browser.sign_in(cast.adi).get(path).status == 200


def test_alive_is_not_ready(browser, parked):
    assert browser.get("/healthz").answer.json == {"status": "ok"}
    ready = browser.get("/readyz")
    assert ready.status == 503
    assert ready.answer.json["checks"]["parked"] is False
    assert "boom" not in ready.body


def test_metrics_are_for_this_host_only(browser):
    assert "portal_doorbell_failures" in browser.get("/metrics").body
    assert browser.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status == 404
    assert browser.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status == 404
