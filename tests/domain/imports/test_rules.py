"""Every fault of a book is found at once, and named by file, line, column and reason."""

import csv

import pytest

from portal.domain.imports.checking import Book, check
from portal.domain.imports.rules import FILES
from portal.domain.money import Money
from tests.books import (
    BAD,
    CLIENT,
    EMPTY,
    INCIDENT,
    PRODUCT,
    ROWS,
    SERVICE,
    STAFF,
    bad_book,
    sheet,
    small_book,
)


def book(stored=EMPTY, **files: str | bytes) -> Book:
    """The checked book: good files, with those given in their place."""
    data = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
    return check(small_book() | data, stored)


def faults(**files: str | bytes) -> list[tuple[str, int, str, str]]:
    return [(each.file, each.row, each.column, each.fault) for each in book(**files).faults]


def test_every_fault_of_the_bad_book_is_named_and_no_other():
    found = check(bad_book(), EMPTY).faults
    with (BAD / "faults.csv").open(newline="") as rows:
        expected = {
            (row["file"], int(row["row"]), row["column"], row["fault"]) for row in csv.DictReader(rows)
        }
    assert len(found) == len(expected) == 25
    assert {(each.file, each.row, each.column, each.fault) for each in found} == expected


def test_a_good_book_has_no_faults():
    assert faults() == []


@pytest.mark.parametrize(
    ("file", "column", "cell", "fault"),
    [
        ("clients", "name", "", "name empty"),
        ("clients", "name", "N" * 201, "longer than 200 characters"),
        ("clients", "name", "Fj\x1bord", "control character in the name"),
        ("clients", "name", "Fjord\u202egnp", "control character in the name"),
        ("clients", "code", "C/1", "not a code of letters, digits, “-”, “_” and “.”"),
        ("clients", "account_manager", "bob@msp.example", "unknown account manager"),
        ("clients", "payment_terms_days", "30.5", "not a whole number"),
        ("clients", "payment_terms_days", "9" * 5000, "above 365"),
        ("clients", "tax_rate_percent", "8.12345", "more than 4 decimals"),
        ("clients", "tax_rate_percent", "-1", "negative"),
        ("clients", "tax_rate_percent", "١٢", "not a number"),
        ("clients", "billing_day", "0", "not a day 1 to 31"),
        ("clients", "billing_day", "first", "not a day 1 to 31"),
        ("clients", "consolidate_invoices", "perhaps", "neither yes nor no"),
        ("products", "service_type", "magic", "unknown service type"),
        ("products", "sla_policy", "platinum", "unknown SLA policy"),
        ("products", "checklist", "Order*||Configure", "a step is empty"),
        ("services", "start_date", "2026-1-31", "impossible date"),
        ("services", "start_date", "0001-01-01", "impossible date"),
        ("services", "end_date", "2026-01-31", "ends before it starts"),
        ("services", "monthly_cost", "1,000.00", "not a number"),
        ("services", "monthly_cost", "1_000", "not a number"),
        ("services", "monthly_cost", "9" * 40, "too large to be a price"),
        ("services", "setup_cost", "-0.01", "negative price"),
        ("services", "technician", "fay@msp.example", "is in finance"),
        ("services", "client_satisfaction", "8.5", "satisfaction outside 1 to 10"),
        (
            "services",
            "cancelled_on",
            "2026-10-01",
            "date of a cancellation, and the service is not cancelled",
        ),
        ("services", "service_level", "gold", "unknown service level"),
        ("incidents", "service_external_id", "S999", "unknown service"),
        ("incidents", "severity", "terrible", "unknown severity"),
        ("incidents", "source", "rumour", "unknown source"),
        ("incidents", "opened_at", "2026-10-01T10:00:00", "impossible instant"),
        ("incidents", "opened_at", "2026-10-01T25:00:00Z", "impossible instant"),
        ("incidents", "acknowledged_at", "2026-10-01T09:59:00Z", "acknowledged before it was opened"),
        ("incidents", "resolved_at", "2026-09-30T12:00:00Z", "resolved before it was opened"),
        ("incidents", "downtime_end", "2026-10-01T12:00:00Z", "an end without a start"),
    ],
)
def test_a_cell_that_cannot_be_used_is_named_with_its_reason(file, column, cell, fault):
    found = faults(**{file: sheet(ROWS[file] | {column: cell})})
    assert (f"{file}.csv", 2, column, fault) in found
    assert len([each for each in found if each[0] == f"{file}.csv"]) == 1


def test_one_time_work_has_no_monthly_price():
    found = faults(products=sheet(PRODUCT | {"billing_cycle": "one-time"}))
    assert found == [("products.csv", 2, "monthly_price", "one-time work has no monthly price")]


def test_a_cancelled_service_is_not_cancelled_before_it_starts():
    row = SERVICE | {"status": "cancelled", "cancelled_on": "2026-01-30"}
    assert faults(services=sheet(row)) == [("services.csv", 2, "cancelled_on", "cancelled before it starts")]


def test_a_key_that_comes_twice_is_blamed_on_the_second_row():
    assert faults(services=sheet(SERVICE, SERVICE)) == [
        ("services.csv", 3, "external_id", "external_id used twice")
    ]
    assert faults(incidents=sheet(INCIDENT, INCIDENT)) == [
        ("incidents.csv", 3, "opened_at", "the same incident twice")
    ]


def test_rows_are_counted_in_lines_of_the_file_also_after_a_quoted_line_break():
    row = SERVICE | {
        "status": "cancelled",
        "cancelled_on": "2026-10-01",
        "cancellation_reason": "no\r\nmoney",
    }
    found = faults(services=sheet(row, SERVICE | {"external_id": "S2", "status": "live"}))
    assert found == [("services.csv", 4, "status", "unknown status")]


def test_a_row_that_only_refers_to_a_faulty_row_is_not_named():
    assert faults(clients=sheet(CLIENT | {"currency": "XXQ", "timezone": "Mars/Base"})) == [
        ("clients.csv", 2, "currency", "unknown currency"),
        ("clients.csv", 2, "timezone", "unknown time zone"),
    ]


def test_nobody_is_blamed_for_referring_to_a_file_without_keys():
    found = faults(clients=sheet({key: cell for key, cell in CLIENT.items() if key != "code"}))
    assert found == [("clients.csv", 1, "code", "column missing")]


def test_unknown_missing_and_double_columns_are_named_once_and_the_rest_is_still_checked():
    row = {key: cell for key, cell in CLIENT.items() if key != "timezone"} | {
        "colour": "red",
        "currency": "?",
    }
    assert faults(clients=sheet(row)) == [
        ("clients.csv", 1, "colour", "unknown column"),
        ("clients.csv", 1, "timezone", "column missing"),
        ("clients.csv", 2, "currency", "unknown currency"),
    ]
    doubled = STAFF.replace("email,name,role", "email,name,role,name").replace(
        ",account_manager", ",account_manager,x"
    )
    assert ("staff.csv", 1, "name", "column used twice") in faults(staff=doubled)


def test_rows_with_too_few_or_too_many_cells_are_named_and_can_still_be_referred_to():
    short = STAFF.replace(",technician", "")
    assert faults(staff=short) == [("staff.csv", 2, "", "fewer cells than the header has")]
    long = STAFF.replace(",technician", ",technician,extra")
    assert faults(staff=long) == [("staff.csv", 2, "", "more cells than the header has")]


def test_a_byte_order_mark_blank_lines_and_windows_line_ends_are_fine():
    assert faults(staff=("\ufeff" + STAFF.replace("\n", "\r\n\r\n")).encode()) == []


def test_a_cell_that_is_not_utf8_is_named():
    assert faults(staff=STAFF.replace("Tom", "Zo\u00eb").encode("latin-1")) == [
        ("staff.csv", 2, "name", "not UTF-8")
    ]


def test_a_file_of_another_encoding_or_an_empty_one_is_refused_as_a_whole():
    assert faults(staff=STAFF.encode("utf-16"))[0] == ("staff.csv", 1, "", "header not UTF-8 text")
    assert faults(staff="")[0] == ("staff.csv", 1, "email", "column missing")


def test_a_quote_that_is_never_closed_is_named_where_it_opens():
    found = faults(staff=STAFF + '"eve@msp.example,Eve,viewer\n')
    assert [(each[1], each[3].startswith("not CSV")) for each in found] == [(5, True)]


def test_a_formula_is_text_and_is_kept_as_it_is():
    read = book(clients=sheet(CLIENT | {"name": '=HYPERLINK("x")'}))
    assert read.faults == []
    assert read.rows["clients"][0]["name"] == '=HYPERLINK("x")'


def test_amounts_become_minor_units_of_the_currency_of_the_row():
    yen = SERVICE | {"monthly_cost": "47760", "currency": "JPY"}
    read = book(clients=sheet(CLIENT | {"currency": "JPY"}), services=sheet(yen))
    assert read.faults == []
    assert read.rows["services"][0]["monthly_cost"] == Money.of("47760", "JPY").minor == 47760
    assert book().rows["services"][0]["monthly_cost"] == 250000


def test_files_may_refer_to_what_is_stored():
    stored = EMPTY | {"clients": {"C1": {"currency": "EUR", "has_services": True}}}
    alone = {"services": sheet(SERVICE | {"technician": "", "product_sku": ""}).encode()}
    found = [(each.column, each.fault) for each in check(alone, stored).faults]
    assert found == [("currency", "currency is not the client's"), ("product_sku", "product_sku empty")]
    changed = book(stored, clients=sheet(CLIENT), services=sheet(SERVICE))
    assert [each.fault for each in changed.faults] == ["a client with services keeps its currency"]


def test_every_column_is_described_once():
    for file in FILES:
        assert len(set(file.titles)) == len(file.titles)
        assert set(file.key) <= set(file.titles)
        assert all(check.column in file.titles for check in file.checks)
