"""What may stand in a field, and what is said when it may not."""

from decimal import Decimal

import pytest

from portal.domain import fields
from portal.domain.errors import Invalid
from portal.domain.words import ContactRole, Severity

GOOD = [
    (fields.text(5), "  abc ", "abc"),
    (fields.text(5), None, ""),
    (fields.text(20, lines=True), "one\r\ntwo", "one\ntwo"),
    (fields.code(10), "AC-1.b_2", "AC-1.b_2"),
    (fields.whole(1, 31), "31", 31),
    (fields.percent(), "7.25", Decimal("7.25")),
    (fields.percent(), " 23 %", Decimal(23)),
    (fields.one_of(Severity), "high", Severity.HIGH),
    (fields.some_of(ContactRole), ["reports", "billing", "reports"], ["billing", "reports"]),
    (fields.optional(fields.whole(1, 31)), "", None),
    (fields.email, " Ana@Example.ORG ", "ana@example.org"),
    (fields.currency, "eur", "EUR"),
    (fields.timezone, "Europe/Berlin", "Europe/Berlin"),
    (fields.locale, "de-DE", "de_DE"),
    (fields.reference, "17", 17),
]
BAD = [
    (fields.text(5), "abcdef"),
    (fields.text(5, required=True), "   "),
    (fields.text(50), "one\ntwo"),
    (fields.text(50), "nul \x00 in it"),
    (fields.code(10), "a b"),
    (fields.code(10), "-x"),
    (fields.code(10), "NEW"),
    (fields.whole(1, 31), "32"),
    (fields.whole(1, 31), "1.5"),
    (fields.whole(1, 31), "²"),
    (fields.whole(0, 1), True),
    (fields.percent(), "100.01"),
    (fields.percent(), "-1"),
    (fields.percent(), "1.00001"),
    (fields.percent(), "NaN"),
    (fields.percent(), "1e400"),
    (fields.one_of(Severity), "urgent"),
    (fields.some_of(ContactRole), ["billing", "gossip"]),
    (fields.email, "ana@"),
    (fields.email, "ana@example.org, bob@example.org"),
    (fields.currency, "XXX"),
    (fields.timezone, "Mars/Base"),
    (fields.locale, "xx_YY"),
    (fields.day, "2026-02-30"),
    (fields.reference, "1; DROP"),
    (fields.reference, "-1"),
]


@pytest.mark.parametrize(("clean", "entered", "stored"), GOOD)
def test_a_value_is_stored_clean(clean, entered, stored):
    assert clean(entered) == stored


@pytest.mark.parametrize(("clean", "entered"), BAD)
def test_a_value_that_cannot_be_stored_says_why(clean, entered):
    with pytest.raises(fields.BadValue, match=r"\w"):
        clean(entered)


@pytest.mark.parametrize(
    ("entered", "currency", "minor"), [("12.34", "USD", 1234), ("", "EUR", 0), ("500", "JPY", 500)]
)
def test_an_amount_is_read_in_its_currency(entered, currency, minor):
    assert fields.amount(entered, currency).minor == minor


@pytest.mark.parametrize(
    ("entered", "currency"), [("0.5", "JPY"), ("1.234", "USD"), ("-1", "USD"), ("x", "USD"), ("1", "??")]
)
def test_an_amount_that_is_none_is_refused(entered, currency):
    with pytest.raises(fields.BadValue):
        fields.amount(entered, currency)


def test_all_faults_of_a_record_are_told_at_once():
    table = {"day": fields.whole(1, 31), "mail": fields.email, "name": fields.text(9)}
    with pytest.raises(Invalid) as refusal:
        fields.check(table, {"day": "40", "mail": "nobody", "name": "fine"}, {"price": "No price."})
    assert refusal.value.faults.keys() == {"day", "mail", "price"}


def test_a_record_takes_no_field_that_it_does_not_have():
    with pytest.raises(TypeError, match="is_admin"):
        fields.check({"name": fields.text(9)}, {"name": "x", "is_admin": "yes"})


def test_faults_of_two_readings_come_together():
    def fails(**faults):
        raise Invalid(faults=faults)

    with pytest.raises(Invalid) as refusal:
        fields.together(lambda: fails(a="1"), lambda: fails(b="2"))
    assert refusal.value.faults == {"a": "1", "b": "2"}
