"""Facts of documents as a test wants them: the usual ones, with the differences named."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from portal.domain.billing.documents import InvoiceFacts, Line, Party, Tax
from portal.domain.money import Money
from portal.domain.periods import Period
from portal.domain.reports.facts import (
    DayFacts,
    HealthFacts,
    IncidentFacts,
    MaintenanceFacts,
    MonthFacts,
    OutageFacts,
    ServiceFacts,
    SeverityFacts,
    SlaReportFacts,
)
from portal.domain.reports.measures import Clock, Compliance, Uptime
from portal.domain.sla.rules import Judgement
from portal.domain.words import InvoiceKind, InvoiceStatus, Severity, Source

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TARGET = Fraction(999, 1000)


def invoice(*, amounts: tuple[int, ...] = (72_581,), currency: str = "USD", **changes: Any) -> InvoiceFacts:
    """One line for each of `amounts`, taxed at 20 %."""
    period = Period(date(2026, 11, 22), date(2026, 12, 1))
    lines = tuple(
        Line(
            description=f"Managed IT {number}, 9 of 30 days",
            period=period,
            quantity=1,
            tax_rate_percent=Decimal(20),
            amount=Money(minor, currency),
        )
        for number, minor in enumerate(amounts, start=1)
    )
    subtotal = Money(sum(amounts), currency)
    tax = subtotal.times(Fraction(1, 5))
    facts: dict[str, Any] = {
        "kind": InvoiceKind.INVOICE,
        "status": InvoiceStatus.ISSUED,
        "number": "INV-12",
        "drafted_on": date(2026, 11, 20),
        "issued_on": date(2026, 11, 20),
        "due_on": date(2026, 12, 20),
        "terms_days": 30,
        "seller": Party(name="Northgate", address="1 Station Road\nYork", tax_id="GB 12"),
        "client": Party(name="Quarry Dental 株式会社", address="Łódź", tax_id="US 9", code="C1002"),
        "po_number": "PO-7",
        "notes": "",
        "void_reason": "",
        "how_to_pay": "IBAN GB00 1234",
        "corrects": None,
        "corrects_on": None,
        "lines": lines,
        "taxes": (Tax(rate_percent=Decimal(20), base=subtotal, tax=tax),),
        "subtotal": subtotal,
        "tax": tax,
        "total": subtotal + tax,
        "paid": Money.zero(currency),
        "locale": "en_US",
        "timezone": "UTC",
    }
    return InvoiceFacts(**(facts | changes))


def incident(number: int = 1, **changes: Any) -> IncidentFacts:
    opened_at = datetime(2026, 10, 5, 9, tzinfo=UTC)
    facts: dict[str, Any] = {
        "number": number,
        "title": "Backup job failed",
        "severity": Severity.HIGH,
        "source": Source.MONITOR,
        "opened_at": opened_at,
        "acknowledged_at": opened_at + HOUR / 2,
        "resolved_at": opened_at + 5 * HOUR,
        "response": clock(target=HOUR, used=HOUR / 2, judgement=Judgement.MET),
        "resolution": clock(target=4 * HOUR, used=5 * HOUR, judgement=Judgement.BREACHED),
        "down": None,
    }
    return IncidentFacts(**(facts | changes))


def clock(**facts: Any) -> Clock:
    return Clock(**facts)


def service(*, incidents: int = 1, down: timedelta = 3 * HOUR, **changes: Any) -> ServiceFacts:
    """A service over October 2026 that was down on the 5th."""
    rows = tuple(incident(number) for number in range(1, incidents + 1))
    days = tuple(
        DayFacts(
            day=date(2026, 10, day),
            uptime=Uptime(measured=DAY, down=down if day == 5 else timedelta(), target=TARGET),
        )
        for day in range(1, 32)
    )
    whole = Uptime(measured=31 * DAY, down=down, target=TARGET)
    began = datetime(2026, 10, 5, 9, tzinfo=UTC)
    facts: dict[str, Any] = {
        "service_id": 7,
        "name": "Cloud Backup – Quarry",
        "product": "Cloud Backup",
        "level": "Premium",
        "policy": "gold",
        "hours": "Around the clock",
        "measured_hours": "Around the clock",
        "terms": "By telephone.",
        "technician": "Zoë Novák",
        "monitored_from": datetime(2026, 1, 1, tzinfo=UTC),
        "ended_at": None,
        "uptime": whole,
        "months": (MonthFacts(first=date(2026, 10, 1), uptime=whole, days=days),),
        "response": Compliance.of(each.response for each in rows),
        "resolution": Compliance.of(each.resolution for each in rows),
        "severities": (severity(incidents),),
        "incidents": rows,
        "carried_over": 0,
        "outages": (
            OutageFacts(
                started_at=began,
                ended_at=began + down,
                source=Source.MONITOR,
                counted=down,
                cause="Disk full",
            ),
        ),
        "maintenance": (
            MaintenanceFacts(
                title="Firmware",
                starts_at=began + DAY,
                ends_at=began + DAY + HOUR,
                agreed_at=began,
                counts=True,
            ),
        ),
        "health": HealthFacts(
            scores=((began, 90), (began + DAY, 84)), status="Healthy", reasons=("review overdue",)
        ),
        "summary": "Missed: availability.",
        "advice": ("Agree on a date.",),
    }
    return ServiceFacts(**(facts | changes))


def severity(incidents: int) -> SeverityFacts:
    return SeverityFacts(
        severity=Severity.HIGH,
        response_target=HOUR,
        resolution_target=4 * HOUR,
        incidents=incidents,
        response=Compliance(met=incidents, judged=incidents),
        resolution=Compliance(met=0, judged=incidents),
    )


def sla_report(*services: ServiceFacts, **changes: Any) -> SlaReportFacts:
    """Of one service, or of a client with all of these."""
    services = services or (service(),)
    facts: dict[str, Any] = {
        "seller": "Northgate",
        "client": "Quarry Dental 株式会社",
        "client_code": "C1002",
        "account_manager": "Ana Reyes",
        "period": Period(date(2026, 10, 1), date(2026, 11, 1)),
        "made_at": datetime(2026, 11, 20, 12, tzinfo=UTC),
        "ends_early": False,
        "is_of_one_service": len(services) == 1,
        "summary": "Missed: availability.",
        "services": services,
        "timezone": "Europe/Berlin",
        "locale": "en_US",
    }
    return SlaReportFacts(**(facts | changes))


def with_texts(facts: Any, texts: Iterator[str]) -> Any:
    """The same facts with the next of the texts in each field that holds the words of a person."""
    changes = {each.name: _filled(each.name, getattr(facts, each.name), texts) for each in fields(facts)}
    return replace(facts, **changes)


CLOSED = ("locale", "timezone")


def _filled(name: str, value: Any, texts: Iterator[str]) -> Any:
    if name in CLOSED:
        return value
    if type(value) is str:
        return next(texts)
    if isinstance(value, Money | Period | Uptime | Compliance | Clock):
        return value
    if isinstance(value, tuple):
        return tuple(_filled(name, each, texts) for each in value)
    return with_texts(value, texts) if is_dataclass(value) else value
