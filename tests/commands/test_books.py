"""`portal invariants`, as scripts call it."""

import json

import sqlalchemy as sa

from portal.db import db
from portal.domain.audits import AUDITS
from tests.commands.running import run
from tests.factories import make_service


def test_sound_books_end_with_0_and_a_line_for_each_rule(environment):
    checked = run("invariants", "--json")
    assert checked.exit_code == 0
    assert json.loads(checked.output) == [
        {"name": audit.name, "violations": 0, "examples": []} for audit in AUDITS
    ]


def test_broken_books_end_with_1_and_name_the_rule(environment):
    service_id = make_service(status="active").id
    with db.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM mrr_movements"))
    checked = run("invariants", "--json")
    assert checked.exit_code == 1
    broken = {each["name"]: each for each in json.loads(checked.output) if each["violations"]}
    assert broken.keys() == {"ledger_is_what_services_pay", "ledger_of_each_client"}
    assert broken["ledger_is_what_services_pay"]["examples"][0]["service"] == service_id
    assert "1 violations" in run("invariants").output
