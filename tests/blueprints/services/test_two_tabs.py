"""Two tabs at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import sqlalchemy as sa
from flask import Flask

from portal.db import db
from portal.outbox.models import EventRecord
from tests.browsing import Browser
from tests.factories import Cast, make_client, make_product, make_service

PAIRS = 50


def test_two_tabs_that_activate_at_once_give_one_activation(app: Flask, live) -> None:
    cast = Cast.assemble()
    client, product = make_client(), make_product()
    services = [make_service(client=client, product=product, provisioned=True).id for _ in range(PAIRS)]
    tabs = [Browser(app).sign_in(cast.ana) for _ in range(2)]
    token = tabs[0].csrf_token(), tabs[1].csrf_token()
    db.session.rollback()
    together = Barrier(2)

    def activate(tab: int) -> list[int]:
        answers = []
        for service_id in services:
            together.wait(timeout=30)
            with app.app_context():
                form = {"csrf_token": token[tab]}
                answers.append(tabs[tab].http.post(f"/services/{service_id}/activate", data=form).status_code)
        return answers

    with ThreadPoolExecutor(2) as pool:
        answers = [status for tab in pool.map(activate, range(2)) for status in tab]
    assert set(answers) == {303}
    activations = sa.select(EventRecord.subject_id, sa.func.count()).filter_by(kind="service_activated")
    rows = db.session.execute(activations.group_by(EventRecord.subject_id)).all()
    assert sorted(map(tuple, rows)) == [(service_id, 1) for service_id in services]
