"""The files of a book of business as tables: what the cells of each column must be, what must hold in a row.

The files are in the order in which they refer to one another. Adding a column is adding a line.
"""

from collections.abc import Mapping

from portal.domain.catalogue import rules as catalogue
from portal.domain.imports import cells, columns
from portal.domain.imports.columns import Check, Column, File, in_order, ref, unless, who
from portal.domain.lifecycle.rules import Status
from portal.domain.periods import Cycle
from portal.domain.staff.permissions import Permission, Role
from portal.domain.words import ContactRole, PriorityLevel, ServiceLevel, ServiceType, Severity, Source

CLOCKS = ("response", "resolution")

name = cells.text(200)
minutes = cells.whole(1, catalogue.MOST_MINUTES)
cycle = cells.word(Cycle, "unknown cycle")

FILES: tuple[File, ...] = (
    File("staff", (
        Column("email", cells.email),
        Column("name", cells.text(120)),
        Column("role", cells.word(Role, "unknown role")),
    ), key=("email",), repeated=("email", "email used twice")),
    File("calendars", (
        Column("name", cells.text(80)),
        Column("timezone", cells.zone),
        Column("windows", cells.windows),
        Column("holidays", cells.country, optional=True, blank=""),
    ), key=("name",), repeated=("name", "name used twice")),
    File("sla_policies", (
        Column("name", cells.text(80)),
        ref("calendar", "calendars", "calendar"),
        Column("availability_target", cells.percent),
        *(Column(f"{severity}_{clock}_min", minutes) for severity in Severity for clock in CLOCKS),
    ), key=("name",), repeated=("name", "name used twice"), checks=tuple(
        Check(f"{severity}_resolution_min", (f"{severity}_response_min", f"{severity}_resolution_min"),
              in_order("due before the response"))
        for severity in Severity
    )),
    File("products", (
        Column("sku", cells.code(40)),
        Column("name", name),
        Column("service_type", cells.word(ServiceType, "unknown service type")),
        Column("category", cells.text(80), optional=True, blank=""),
        Column("currency", cells.currency),
        Column("billing_cycle", cycle),
        Column("monthly_price", cells.price),
        Column("setup_fee", cells.price),
        Column("term_months", cells.whole(0, 120)),
        Column("notice_days", cells.whole(0, 365)),
        Column("uplift_percent", cells.percent),
        ref("sla_policy", "sla_policies", "SLA policy", optional=True),
        Column("checklist", cells.checklist, optional=True, blank=(), is_prose=True),
    ), key=("sku",), repeated=("sku", "sku used twice"), checks=(
        Check("monthly_price", ("billing_cycle", "monthly_price"), columns.priced_once),
    )),
    File("clients", (
        Column("code", cells.code(40)),
        Column("name", name),
        Column("currency", cells.currency),
        Column("timezone", cells.zone),
        Column("payment_terms_days", cells.whole(0, 365)),
        Column("tax_rate_percent", cells.percent),
        Column("billing_email", cells.email, optional=True, blank=""),
        ref("account_manager", "staff", "account manager", optional=True),
        Column("consolidate_invoices", cells.yes_or_no),
        Column("billing_day", cells.whole(1, 31, "not a day 1 to 31"), optional=True),
    ), key=("code",), repeated=("code", "code used twice"), checks=(
        Check("account_manager", ("account_manager.role",), who(Permission.MANAGE_CLIENTS)),
        Check("currency", ("currency", "stored.currency", "stored.has_services"), columns.keeps_currency),
    )),
    File("contacts", (
        ref("client_code", "clients", "client"),
        Column("name", name),
        Column("email", cells.email),
        Column("phone", cells.text(60), optional=True, blank=""),
        Column("roles", cells.words(ContactRole, "unknown role"), optional=True, blank=()),
    ), key=("client_code", "email"), repeated=("email", "email used twice for this client")),
    File("services", (
        Column("external_id", cells.text(60)),
        ref("client_code", "clients", "client"),
        ref("product_sku", "products", "product"),
        Column("name", name),
        Column("status", cells.word(Status, "unknown status")),
        Column("start_date", cells.day),
        Column("end_date", cells.day, optional=True),
        Column("currency", cells.currency),
        Column("monthly_cost", cells.price),
        Column("setup_cost", cells.price),
        Column("billing_cycle", cycle),
        Column("auto_renewal", cells.yes_or_no),
        ref("technician", "staff", "technician", optional=True),
        ref("backup_technician", "staff", "technician", optional=True),
        Column("service_level", cells.word(ServiceLevel, "unknown service level")),
        Column("priority_level", cells.word(PriorityLevel, "unknown priority")),
        Column("client_satisfaction", cells.whole(1, 10, "satisfaction outside 1 to 10"), optional=True),
        Column("last_review_date", cells.day, optional=True),
        Column("monitoring_enabled", cells.yes_or_no),
        Column("renewal_count", cells.whole(0, 1000)),
        Column("cancelled_on", cells.day, optional=True),
        Column("cancellation_reason", cells.text(2000), optional=True, blank="", is_prose=True),
    ), key=("external_id",), repeated=("external_id", "external_id used twice"), checks=(
        Check("end_date", ("start_date", "end_date"), columns.ends_after_start),
        Check("currency", ("currency", "client_code.currency"), columns.same_currency),
        Check("monthly_cost", ("billing_cycle", "monthly_cost"), columns.priced_once),
        Check("technician", ("technician.role",), who(Permission.WORK_PROVISIONING)),
        Check("backup_technician", ("backup_technician.role",), who(Permission.WORK_PROVISIONING)),
        Check("backup_technician", ("technician", "backup_technician"), columns.two_people),
        Check("cancelled_on", ("status", "cancelled_on"), columns.dated_cancellation),
        Check("cancelled_on", ("start_date", "cancelled_on"), in_order("cancelled before it starts")),
    )),
    File("incidents", (
        ref("service_external_id", "services", "service"),
        Column("title", name),
        Column("severity", cells.word(Severity, "unknown severity")),
        Column("source", cells.word(Source, "unknown source")),
        Column("opened_at", cells.instant),
        Column("acknowledged_at", cells.instant, optional=True),
        Column("resolved_at", cells.instant, optional=True),
        Column("downtime_start", cells.instant, optional=True),
        Column("downtime_end", cells.instant, optional=True),
    ), key=("service_external_id", "opened_at", "title"),
        repeated=("opened_at", "the same incident twice"), checks=(
        Check("acknowledged_at", ("opened_at", "acknowledged_at"),
              in_order("acknowledged before it was opened")),
        Check("resolved_at", ("opened_at", "resolved_at"), in_order("resolved before it was opened")),
        Check("downtime_end", ("downtime_start", "downtime_end"), columns.downtime_in_order),
    )),
    File("maintenance", (
        ref("service_external_id", "services", "service"),
        Column("starts_at", cells.instant),
        Column("ends_at", cells.instant),
        Column("agreed_at", cells.instant),
        Column("title", name, optional=True, blank=""),
    ), key=("service_external_id", "starts_at", "title"),
        repeated=("starts_at", "the same maintenance twice"), checks=(
        Check("ends_at", ("starts_at", "ends_at"),
              unless("ends before it starts", lambda start, end: start < end)),
    )),
)  # fmt: skip
BY_NAME: Mapping[str, File] = {file.name: file for file in FILES}
