"""Small books of business, as another system would export them."""

import csv
import io
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from portal import demo
from portal.domain.imports import sources
from portal.domain.imports.rules import FILES

BAD = Path(__file__).parent / "data" / "bad"
EMPTY = {file.name: {} for file in FILES}
STAFF = """email,name,role
tom@msp.example,Tom,technician
ana@msp.example,Ana,account_manager
fay@msp.example,Fay,finance
"""
CALENDAR = {"name": "office", "timezone": "UTC", "windows": "Mon-Fri 09:00-17:00", "holidays": ""}
POLICY = {
    "name": "silver", "calendar": "office", "availability_target": "99.5",
    "low_response_min": "480", "low_resolution_min": "2880", "medium_response_min": "240",
    "medium_resolution_min": "1440", "high_response_min": "240", "high_resolution_min": "480",
    "critical_response_min": "60", "critical_resolution_min": "240",
}  # fmt: skip
CLIENT = {
    "code": "C1", "name": "Fjord", "currency": "USD", "timezone": "UTC", "payment_terms_days": "30",
    "tax_rate_percent": "0", "billing_email": "", "account_manager": "ana@msp.example",
    "consolidate_invoices": "yes", "billing_day": "",
}  # fmt: skip
PRODUCT = {
    "sku": "MIT", "name": "Managed IT", "service_type": "managed_services", "category": "",
    "billing_cycle": "monthly", "monthly_price": "2500.00", "setup_fee": "0.00", "term_months": "12",
    "notice_days": "60", "uplift_percent": "3.0", "sla_policy": "silver", "currency": "USD",
    "checklist": "Order*|Configure*|Hand over",
}  # fmt: skip
SERVICE = {
    "external_id": "S1", "client_code": "C1", "product_sku": "MIT", "name": "Managed IT", "status": "active",
    "start_date": "2026-01-31", "end_date": "2027-01-31", "monthly_cost": "2500.00", "setup_cost": "0",
    "currency": "USD", "billing_cycle": "monthly", "auto_renewal": "yes", "technician": "tom@msp.example",
    "backup_technician": "", "service_level": "standard", "priority_level": "normal",
    "client_satisfaction": "8", "last_review_date": "", "monitoring_enabled": "yes", "renewal_count": "0",
    "cancelled_on": "", "cancellation_reason": "",
}  # fmt: skip
INCIDENT = {
    "service_external_id": "S1", "title": "Disk full", "severity": "high", "source": "monitor",
    "opened_at": "2026-10-01T10:00:00+00:00", "acknowledged_at": "2026-10-01T10:30:00+00:00",
    "resolved_at": "2026-10-01T12:00:00Z", "downtime_start": "", "downtime_end": "",
}  # fmt: skip
ROWS = {
    "calendars": CALENDAR, "sla_policies": POLICY, "clients": CLIENT, "products": PRODUCT, "services": SERVICE,
    "incidents": INCIDENT,
}  # fmt: skip


def sheet(*rows: dict[str, str]) -> str:
    lines = [",".join(rows[0])]
    lines += [",".join('"' + cell.replace('"', '""') + '"' for cell in row.values()) for row in rows]
    return "\n".join(lines) + "\n"


def small_book(**files: str | None) -> dict[str, bytes]:
    """A good book as `imports.load` takes it, with other files in place of its own; None leaves one out."""
    given = {"staff": STAFF} | {name: sheet(row) for name, row in ROWS.items()} | files
    return {name: text.encode() for name, text in given.items() if text is not None}


def whole_book() -> dict[str, bytes]:
    return sources.folder(demo.BOOK)


OF_CLIENTS = {
    "clients": "code", "contacts": "client_code", "services": "client_code",
    "incidents": "service_external_id", "maintenance": "service_external_id",
}  # fmt: skip
"""The column that says to whom a row of the file belongs."""


def book_of(*codes: str) -> dict[str, str]:
    """The demo book with these clients alone, as CSV by name."""
    book: dict[str, str] = {}
    ours = set(codes)
    for file in FILES:
        rows = list(csv.DictReader(io.StringIO((demo.BOOK / f"{file.name}.csv").read_text())))
        rows = [row for row in rows if file.name not in OF_CLIENTS or row[OF_CLIENTS[file.name]] in ours]
        ours |= {row["external_id"] for row in rows if file.name == "services"}
        book[file.name] = sheet(*rows)
    return book


def bad_book() -> dict[str, bytes]:
    return sources.folder(BAD)


def zipped(files: dict[str, bytes], *, folder: str = "") -> bytes:
    """The files (name without .csv → bytes) as a zip."""
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(f"{folder}{name}.csv", data)
    return packed.getvalue()
