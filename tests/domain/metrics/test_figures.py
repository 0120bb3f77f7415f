"""Every figure of revenue, computed a second time by loops over services and movements."""

from collections import Counter, defaultdict
from datetime import date
from fractions import Fraction

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import lifecycle, metrics
from portal.domain.clients.models import Client
from portal.domain.lifecycle import ClientService, Status
from portal.domain.lifecycle.terms import set_price
from portal.domain.metrics import Breakdown, Scope
from portal.domain.metrics import actions as ledger
from portal.domain.metrics.models import MrrMovement
from portal.domain.money import Money
from portal.domain.periods import add_months
from portal.domain.words import Movement, ServiceType
from tests.factories import make_client, make_product, make_service

TODAY = date(2026, 11, 20)
FIRST = date(2026, 6, 1)
MONTHS = 6
LOSSES = {Movement.CHURN, Movement.CONTRACTION}
GAINS = {Movement.EXPANSION, Movement.REACTIVATION}
PAUSES = {Movement.PAUSED, Movement.RESUMED}


def act(verb, **facts):
    with transaction():
        return verb(**facts, by=None, at=portal_clock.now())


def cancel(service):
    act(lifecycle.cancel, service_id=service.id, effective_on=portal_clock.today(), reason="gone")


def suspend(service):
    act(lifecycle.suspend, service_id=service.id, reason="unpaid")


@pytest.fixture
def book(cast, clock):
    """Half a year of four clients in two currencies: every kind of movement, some of them twice in a month."""
    clock.set(date(2026, 5, 3))
    backup = make_product(service_type=ServiceType.BACKUP_SERVICES, cycle_price_minor=33_333)
    support = make_product(service_type=ServiceType.SUPPORT, cycle_price_minor=80_000)
    yearly = make_product(billing_cycle="annually", cycle_price_minor=200_000, currency="EUR")
    ana, adi = cast.ana.id, cast.adi.id
    acme, birch = make_client(account_manager_id=ana), make_client(account_manager_id=ana)
    cedar, dune = make_client(account_manager_id=adi), make_client(currency="EUR")
    first = make_service(status="active", client=acme, product=backup)
    second = make_service(status="active", client=acme, product=support)
    last = make_service(status="active", client=birch, product=backup)
    make_service(status="active", client=dune, product=yearly)
    clock.set(date(2026, 6, 10))
    handed = make_service(status="active", client=cedar, product=support, quantity=3)
    cancel(last)
    clock.set(date(2026, 7, 1))
    suspend(second)
    back = make_service(status="active", client=birch, product=support)
    clock.set(date(2026, 8, 31))
    act(lifecycle.resume, service_id=second.id)
    act(lifecycle.transfer, service_id=handed.id, client_id=acme.id, effective_on=portal_clock.today())
    reprice(first, 40_000)
    clock.set(date(2026, 10, 5))
    cancel(first)
    cancel(back)
    clock.set(date(2026, 10, 20))
    back = make_service(status="active", client=birch, product=backup)
    clock.set(TODAY)
    cancel(back)
    suspend(second)
    return acme, birch, cedar, dune, backup, cast


def reprice(service, minor):
    with transaction():
        before = service.monthly_cost_minor
        set_price(service, Money(minor, service.currency))
        ledger.repriced(service=service, before_minor=before, on=portal_clock.today())


SCOPES = {
    "all": lambda book: Scope(),
    "one currency": lambda book: Scope(currency="USD"),
    "a client": lambda book: Scope(client=book[0].code),
    "a manager": lambda book: Scope(manager=book[5].ana.id),
    "a type": lambda book: Scope(service_type=ServiceType.SUPPORT),
    "a product": lambda book: Scope(product=book[4].sku),
    "a type of a manager": lambda book: Scope(service_type=ServiceType.SUPPORT, manager=book[5].ana.id),
}


def is_in(scope, service, client):
    return all(
        wanted in (None, has)
        for wanted, has in (
            (scope.currency, service.currency),
            (scope.client, client.code),
            (scope.manager, client.account_manager_id),
            (scope.service_type, service.service_type),
            (scope.product, service.product.sku),
        )
    )


def services(scope):
    return [each for each in db.session.scalars(sa.select(ClientService)) if is_in(scope, each, each.client)]


def rows(scope):
    """The movements in scope, by the client that each is about."""
    clients = {client.id: client for client in db.session.scalars(sa.select(Client))}
    return [
        each
        for each in db.session.scalars(sa.select(MrrMovement).order_by(MrrMovement.on_date, MrrMovement.id))
        if is_in(scope, db.session.get(ClientService, each.client_service_id), clients[each.client_id])
    ]


def in_every_scope(check):
    """One test over all of them: the book takes two seconds to write."""

    def test(book):
        for make in SCOPES.values():
            check(make(book))

    return test


@in_every_scope
def test_mrr_arr_paused_and_average_are_those_of_the_services(scope):
    sums, paused, counts, clients = Counter(), Counter(), Counter(), defaultdict(set)
    for each in services(scope):
        if each.status is Status.ACTIVE:
            sums[each.currency] += each.monthly_cost_minor
            counts[each.currency] += 1
            clients[each.currency].add(each.client_id)
        elif each.status is Status.SUSPENDED:
            paused[each.currency] += each.monthly_cost_minor
    found = {each.total.currency: each for each in metrics.mrr(scope)}
    assert found.keys() == sums.keys() | paused.keys()
    for currency, each in found.items():
        assert (each.total.minor, each.paused.minor) == (sums[currency], paused[currency])
        assert each.arr.minor == 12 * sums[currency]
        assert (each.services, each.clients) == (counts[currency], len(clients[currency]))
        exact = Fraction(sums[currency], counts[currency]) if counts[currency] else None
        assert (each.average is None) == (exact is None)
        assert exact is None or abs(each.average.minor - exact) <= Fraction(1, 2)


@in_every_scope
def test_opening_movements_and_closing_of_every_month(scope):
    found = metrics.movements(since=FIRST, months=MONTHS, scope=scope)
    assert found.keys() == {each.currency for each in rows(scope)}
    for currency, months in found.items():
        its = [each for each in rows(scope) if each.currency == currency]
        for month in months:
            end = add_months(month.first, 1)
            by_kind = Counter()
            for each in its:
                if month.first <= each.on_date < end:
                    by_kind[each.kind] += each.amount_minor
            assert month.opening.minor == sum(each.amount_minor for each in its if each.on_date < month.first)
            assert month.closing.minor == sum(each.amount_minor for each in its if each.on_date < end)
            assert month.net_new == month.closing - month.opening
            assert {kind: month.of(kind).minor for kind in Movement} == {
                kind: by_kind[kind] for kind in Movement
            }


@in_every_scope
def test_the_last_closing_is_what_is_active_now(scope):
    now = {each.total.currency: each.total for each in metrics.mrr(scope) if each.total}
    months = metrics.movements(since=TODAY, months=1, scope=scope)
    assert {currency: its[0].closing for currency, its in months.items() if its[0].closing} == now


@in_every_scope
def test_rates_are_shares_of_the_opening_of_their_month(scope):
    moved = rows(scope)
    for currency, months in metrics.movements(since=FIRST, months=MONTHS, scope=scope).items():
        for month in months:
            its = [
                each
                for each in moved
                if each.currency == currency and month.first <= each.on_date < add_months(month.first, 1)
            ]
            lost = -sum(each.amount_minor for each in its if each.kind in LOSSES)
            won = sum(each.amount_minor for each in its if each.kind in GAINS)
            if not month.opening:
                assert month.rates is None
                continue
            opening = month.opening.minor
            assert month.rates.gross_churn == Fraction(lost, opening)
            assert month.rates.gross_retention == 1 - Fraction(lost, opening)
            assert month.rates.net_retention == 1 - Fraction(lost, opening) + Fraction(won, opening)


@in_every_scope
def test_logo_churn_counts_who_had_services_and_has_none(scope):
    moved = rows(scope)
    for currency, months in metrics.movements(since=FIRST, months=MONTHS, scope=scope).items():
        for month in months:
            before, after, changed = Counter(), Counter(), Counter()
            for each in moved:
                if each.currency != currency or each.kind in PAUSES:
                    continue
                if each.on_date < month.first:
                    before[each.client_id] += each.amount_minor
                if each.on_date < add_months(month.first, 1):
                    after[each.client_id] += each.amount_minor
                if (
                    month.first <= each.on_date < add_months(month.first, 1)
                    and each.kind is not Movement.TRANSFER
                ):
                    changed[each.client_id] += each.amount_minor
            had = [client for client, minor in before.items() if minor > 0]
            lost = [client for client in had if after[client] == 0 and changed[client] < 0]
            assert (month.clients, month.lost) == (len(had), len(lost))
            assert month.logo_churn == (Fraction(len(lost), len(had)) if had else None)


def test_the_book_has_every_kind_of_movement_and_a_lost_client(book):
    assert {each.kind for each in rows(Scope())} == set(Movement)
    months = metrics.movements(since=FIRST, months=MONTHS, scope=Scope(currency="USD"))["USD"]
    assert [month.lost for month in months] == [1, 0, 0, 0, 0, 1]
    assert metrics.churn(month=TODAY)["USD"].logo_churn == months[-1].logo_churn == Fraction(1, 2)


@pytest.mark.parametrize("by", Breakdown)
def test_the_parts_are_those_of_the_services_and_add_up(book, by):
    parts = {
        Breakdown.CLIENT: lambda each: each.client.code,
        Breakdown.TYPE: lambda each: each.service_type,
        Breakdown.PRODUCT: lambda each: each.product.sku,
        Breakdown.MANAGER: lambda each: each.client.account_manager_id,
    }
    expected = defaultdict(lambda: [0, 0, 0])
    for each in services(Scope()):
        if each.status in (Status.ACTIVE, Status.SUSPENDED):
            its = expected[(parts[by](each), each.currency)]
            its[0] += each.status is Status.ACTIVE
            its[1] += each.monthly_cost_minor * (each.status is Status.ACTIVE)
            its[2] += each.monthly_cost_minor * (each.status is Status.SUSPENDED)
    found = {
        (row.key, row.currency): [row.services, row.mrr_minor, row.paused_minor]
        for row in db.session.execute(metrics.breakdown(by))
    }
    assert found == expected
    rows_ = db.session.execute(metrics.breakdown(by)).all()
    assert all(row.arr_minor == 12 * row.mrr_minor for row in rows_)
    assert all(
        row.average_minor == Money.rounded(Fraction(row.mrr_minor, row.services), row.currency).minor
        for row in rows_
        if row.services
    )
    assert len({row.id for row in rows_}) == len(rows_)


def test_nobody_has_nothing_to_measure(session, clock):
    assert metrics.mrr() == [] and metrics.movements(since=TODAY, months=3) == {}
