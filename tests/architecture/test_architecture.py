"""The shape of the code: who may import whom, one commit, one clock, short functions, and tables that are whole."""

import ast
from pathlib import Path

import pytest
from flask_migrate import check

from portal.documents.pages import pages
from portal.domain import events
from portal.domain.lifecycle.rules import MOVES, Command
from portal.jobs.listeners import REACTIONS
from portal.jobs.queues import QUEUES
from portal.jobs.schedule import CALENDAR
from portal.outbox import kinds

ROOT = Path(__file__).parent.parent.parent
PORTAL = ROOT / "portal"
MODULES = sorted(PORTAL.rglob("*.py"))
LONGEST_FUNCTION = 40
LONGEST_MODULE = 250

FORBIDDEN = {
    "domain": ("flask", "rq", "weasyprint", "htmx_flask", "flask_login", "portal.blueprints", "portal.jobs",
               "portal.web", "portal.channels", "portal.documents"),
    "blueprints": ("portal.jobs", "rq", "weasyprint"),
    "jobs": ("portal.blueprints", "weasyprint"),
    "outbox": ("rq", "redis", "flask", "portal.jobs", "portal.blueprints", "portal.web"),
    "web": ("portal.blueprints", "portal.jobs", "rq"),
    "channels": ("portal.blueprints", "portal.jobs", "rq"),
    "documents": ("portal.blueprints", "portal.jobs", "rq"),
}  # fmt: skip
FAMILIES = (events.ServiceEvent, events.InvoiceEvent, events.UserEvent)


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def is_within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_no_layer_imports_what_it_must_not_know(layer):
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (PORTAL / layer).rglob("*.py")
        for name in imports(path)
        if is_within(name, FORBIDDEN[layer])
    }
    assert not wrong


def test_a_forbidden_import_would_be_noticed(tmp_path):
    path = tmp_path / "x.py"
    path.write_text("from portal.jobs import ring\n")
    assert [name for name in imports(path) if is_within(name, FORBIDDEN["domain"])]


def test_only_the_printer_imports_weasyprint():
    users = {path.name for path in MODULES if any(is_within(name, ("weasyprint",)) for name in imports(path))}
    assert users == {"printer.py"}


def calls(path: Path, *names: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names
    ]


def test_there_is_one_commit():
    elsewhere = [place for path in MODULES if path.name != "db.py" for place in calls(path, "commit")]
    assert not elsewhere


def test_there_is_one_clock():
    readers = [
        place for path in MODULES if path.name != "clock.py" for place in calls(path, "utcnow", "today")
    ]
    allowed = [place for place in readers if "clock.today" in line_of(place)]
    assert sorted(readers) == sorted(allowed)
    now_calls = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in MODULES
        if path.name != "clock.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("datetime.now", "date.today", "time.time")
    ]
    assert not now_calls


def line_of(place: str) -> str:
    path, _, number = place.rpartition(":")
    return (ROOT / path).read_text().splitlines()[int(number) - 1]


def test_no_function_is_longer_than_forty_lines():
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert not long


def test_no_module_is_longer_than_a_reader_can_hold():
    # The list of events is one table of facts, read from top to bottom, not a module of logic.
    long = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if len(path.read_text().splitlines()) > LONGEST_MODULE and path.name != "events.py"
    ]
    assert not long


def test_every_event_has_a_name_of_its_own_and_a_subject():
    all_kinds = kinds(events.Event)
    names = [kind.kind for kind in all_kinds]
    assert len(names) == len(set(names))
    assert all(kind.subject_type and kind.subject_field for kind in all_kinds)


RULE_BOOK_7 = {
    "service_provisioned": {"notify_service_provisioned"},
    "service_activated": {"create_recurring_billing", "notify_service_activated"},
    "service_suspended": {"suspend_recurring_billing", "notify_service_suspended"},
    "service_resumed": {"resume_recurring_billing", "notify_service_resumed"},
    "service_cancelled": {"end_recurring_billing", "notify_service_cancelled"},
    "service_renewed": {"extend_recurring_billing", "notify_service_renewed"},
    "service_due_for_renewal": {"notify_service_renewal_due"},
    "service_sla_breached": {"alert_on_sla_breach", "recalculate_service_health"},
    "service_health_degraded": {"notify_service_health_degraded"},
    "service_transferred": {"move_recurring_billing", "notify_service_transferred"},
    "service_completed": {"end_recurring_billing", "notify_service_completed"},
    "provisioning_failed": {"notify_provisioning_failed"},
    "renewal_denied": {"notify_renewal_denied"},
    "price_changed": {"adjust_recurring_billing", "notify_price_changed"},
}


@pytest.mark.parametrize("kind", RULE_BOOK_7)
def test_the_reaction_map_is_the_rule_books(kind):
    (event,) = [each for each in kinds(events.Event) if each.kind == kind]
    assert {listener.name for listener in REACTIONS.get(event, ())} == RULE_BOOK_7[kind]


def test_listeners_have_unique_places_and_known_queues():
    for reactions in REACTIONS.values():
        assert len({listener.name for listener in reactions}) == len(reactions)
        assert {listener.queue for listener in reactions} <= QUEUES.keys()


def test_every_entry_of_the_calendar_can_be_called():
    from rq.utils import import_attribute

    assert all(callable(import_attribute(entry.function.replace(":", "."))) for entry in CALENDAR.values())


def test_every_command_has_a_row_in_the_table_of_moves():
    assert MOVES.keys() == set(Command)


def test_the_procfile_has_a_line_for_each_queue():
    lines = (ROOT / "Procfile").read_text()
    assert [queue for queue in QUEUES if f"worker {queue}" not in lines] == []


def test_every_template_compiles(app):
    for name in app.jinja_env.list_templates(extensions=["html", "txt"]):
        environment = pages("en_US", "UTC") if name.startswith("documents/") else app.jinja_env
        environment.get_template(name)


def test_models_and_migrations_agree(app):
    with app.app_context():
        check()
