"""Every fact that can happen, one frozen dataclass each (screen 1).

An event is written in the transaction of the change that it reports. Its fields are its payload: plain
values, dates, instants and Money; `changes` maps a field to what it was and what it is. The event table is
the timeline of its subject and the audit trail.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

Changes = Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to one subject. `subject_field` names the field that holds the subject's id."""

    kind: ClassVar[str] = ""
    subject_type: ClassVar[str] = ""
    subject_field: ClassVar[str] = ""

    @property
    def subject_id(self) -> int:
        return int(getattr(self, self.subject_field))


@dataclass(frozen=True, kw_only=True)
class ServiceEvent(Event):
    """A fact of the life of one client service."""

    subject_type = "client_service"
    subject_field = "service_id"
    service_id: int
    changes: Changes = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ServiceProvisioned(ServiceEvent):
    kind = "service_provisioned"


@dataclass(frozen=True, kw_only=True)
class ServiceEdited(ServiceEvent):
    kind = "service_edited"


@dataclass(frozen=True, kw_only=True)
class ServiceImported(ServiceEvent):
    kind = "service_imported"


@dataclass(frozen=True, kw_only=True)
class ProvisioningStarted(ServiceEvent):
    kind = "provisioning_started"


@dataclass(frozen=True, kw_only=True)
class TechniciansAssigned(ServiceEvent):
    kind = "technicians_assigned"


@dataclass(frozen=True, kw_only=True)
class SlaConfigured(ServiceEvent):
    kind = "sla_configured"


@dataclass(frozen=True, kw_only=True)
class MonitoringSetUp(ServiceEvent):
    kind = "monitoring_set_up"


@dataclass(frozen=True, kw_only=True)
class ProvisioningTaskChecked(ServiceEvent):
    kind = "provisioning_task_checked"
    task_id: int
    title: str
    done: bool


@dataclass(frozen=True, kw_only=True)
class ProvisioningCompleted(ServiceEvent):
    kind = "provisioning_completed"


@dataclass(frozen=True, kw_only=True)
class ProvisioningFailed(ServiceEvent):
    kind = "provisioning_failed"
    reason: str


@dataclass(frozen=True, kw_only=True)
class ServiceActivated(ServiceEvent):
    """`override_reason` is given when an admin activated it before provisioning was completed."""

    kind = "service_activated"
    override_reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class ServiceSuspended(ServiceEvent):
    kind = "service_suspended"
    reason: str
    suspended_on: date


@dataclass(frozen=True, kw_only=True)
class ServiceResumed(ServiceEvent):
    kind = "service_resumed"
    resumed_on: date


@dataclass(frozen=True, kw_only=True)
class CancellationScheduled(ServiceEvent):
    kind = "cancellation_scheduled"
    effective_on: date
    reason: str


@dataclass(frozen=True, kw_only=True)
class CancellationWithdrawn(ServiceEvent):
    kind = "cancellation_withdrawn"
    effective_on: date


@dataclass(frozen=True, kw_only=True)
class ServiceCancelled(ServiceEvent):
    """The cancellation took effect. `unused`: what becomes of days billed ahead (credit, deduct, nothing)."""

    kind = "service_cancelled"
    effective_on: date
    reason: str
    unused: str
    fee_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class ServiceRenewed(ServiceEvent):
    kind = "service_renewed"
    term_start: date
    term_end: date
    months: int


@dataclass(frozen=True, kw_only=True)
class ServiceDueForRenewal(ServiceEvent):
    kind = "service_due_for_renewal"
    renewal_date: date
    stage_days: int


@dataclass(frozen=True, kw_only=True)
class ServiceSlaBreached(ServiceEvent):
    kind = "service_sla_breached"
    incident_id: int
    target: str


@dataclass(frozen=True, kw_only=True)
class ServiceSlaAtRisk(ServiceEvent):
    """Three quarters of a target have passed."""

    kind = "service_sla_at_risk"
    incident_id: int
    target: str
    title: str
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class IncidentEvent(Event):
    """A fact of the work on one incident; `title` is the incident's."""

    subject_type = "incident"
    subject_field = "incident_id"
    incident_id: int
    title: str
    changes: Changes = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class IncidentOpened(IncidentEvent):
    kind = "incident_opened"
    service_id: int
    severity: str
    source: str


@dataclass(frozen=True, kw_only=True)
class IncidentAcknowledged(IncidentEvent):
    kind = "incident_acknowledged"


@dataclass(frozen=True, kw_only=True)
class IncidentWaiting(IncidentEvent):
    kind = "incident_waiting"
    reason: str


@dataclass(frozen=True, kw_only=True)
class IncidentResumed(IncidentEvent):
    kind = "incident_resumed"


@dataclass(frozen=True, kw_only=True)
class IncidentResolved(IncidentEvent):
    kind = "incident_resolved"
    resolution: str


@dataclass(frozen=True, kw_only=True)
class IncidentReopened(IncidentEvent):
    kind = "incident_reopened"
    reason: str


@dataclass(frozen=True, kw_only=True)
class IncidentCommented(IncidentEvent):
    kind = "incident_commented"
    comment_id: int


@dataclass(frozen=True, kw_only=True)
class IncidentDowntimeLinked(IncidentEvent):
    kind = "incident_downtime_linked"


@dataclass(frozen=True, kw_only=True)
class IncidentBreachRecorded(IncidentEvent):
    """Somebody recorded a breach by hand."""

    kind = "incident_breach_recorded"
    target: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ServiceReviewed(ServiceEvent):
    """Somebody went through the service with the client."""

    kind = "service_reviewed"
    reviewed_on: date
    note: str


@dataclass(frozen=True, kw_only=True)
class ServiceHealthDegraded(ServiceEvent):
    kind = "service_health_degraded"
    score_before: int
    score: int


@dataclass(frozen=True, kw_only=True)
class ServiceTransferred(ServiceEvent):
    kind = "service_transferred"
    from_client_id: int
    to_client_id: int
    effective_on: date


@dataclass(frozen=True, kw_only=True)
class ServiceCompleted(ServiceEvent):
    kind = "service_completed"
    completed_on: date


@dataclass(frozen=True, kw_only=True)
class RenewalDenied(ServiceEvent):
    kind = "renewal_denied"
    reason: str


@dataclass(frozen=True, kw_only=True)
class RenewalDenialWithdrawn(ServiceEvent):
    kind = "renewal_denial_withdrawn"


@dataclass(frozen=True, kw_only=True)
class RenewalApproved(ServiceEvent):
    """The next term is agreed, at that price of one cycle."""

    kind = "renewal_approved"
    term_start: date
    months: int
    cycle_price_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class RenewalHeld(ServiceEvent):
    """Its day has come, and it does not renew by itself: `reasons` in words, told when they are new."""

    kind = "renewal_held"
    term_start: date
    reasons: str


@dataclass(frozen=True, kw_only=True)
class RenewalNoted(ServiceEvent):
    kind = "renewal_noted"
    note: str
    next_contact_on: date | None


@dataclass(frozen=True, kw_only=True)
class GraceExtended(ServiceEvent):
    """An ended service runs on until that day; its end stays where it was."""

    kind = "grace_extended"
    grace_until: date
    reason: str


@dataclass(frozen=True, kw_only=True)
class RenewalMailDue(ServiceEvent):
    """A reminder is to go to one contact of the client; one with several has an event for each."""

    kind = "renewal_mail_due"
    renewal_date: date
    stage_days: int
    recipient: str


@dataclass(frozen=True, kw_only=True)
class PriceChanged(ServiceEvent):
    """`changes` has `cycle_price_minor`, and whatever else of quantity, unit price and discount has changed.

    before_activation: nothing is billed yet. on_boundary: billing needs no credit and charge.
    """

    kind = "price_changed"
    effective_on: date
    currency: str
    before_activation: bool = False
    on_boundary: bool = False


@dataclass(frozen=True, kw_only=True)
class PriceChangePlanned(ServiceEvent):
    kind = "price_change_planned"
    effective_on: date
    currency: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class PriceChangeWithdrawn(ServiceEvent):
    kind = "price_change_withdrawn"
    effective_on: date
    currency: str


@dataclass(frozen=True, kw_only=True)
class RecurringBillingCreated(ServiceEvent):
    kind = "recurring_billing_created"
    next_bill_date: date


@dataclass(frozen=True, kw_only=True)
class RecurringBillingChanged(ServiceEvent):
    """The schedule was paused, resumed, ended, moved or extended."""

    kind = "recurring_billing_changed"
    what: str


@dataclass(frozen=True, kw_only=True)
class ClientEvent(Event):
    """A fact of a client's record: `what` says it in words (client created, contact changed …)."""

    kind = "client_changed"
    subject_type = "client"
    subject_field = "client_id"
    client_id: int
    what: str
    changes: Changes = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CatalogueEvent(Event):
    """Something in the catalogue was added, changed, archived or deleted; `what` says it in words."""

    what: str
    changes: Changes = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ProductChanged(CatalogueEvent):
    kind = "product_changed"
    subject_type = "product"
    subject_field = "product_id"
    product_id: int


@dataclass(frozen=True, kw_only=True)
class SlaPolicyChanged(CatalogueEvent):
    kind = "sla_policy_changed"
    subject_type = "sla_policy"
    subject_field = "policy_id"
    policy_id: int


@dataclass(frozen=True, kw_only=True)
class CalendarChanged(CatalogueEvent):
    kind = "calendar_changed"
    subject_type = "calendar"
    subject_field = "calendar_id"
    calendar_id: int


@dataclass(frozen=True, kw_only=True)
class SettingsChanged(Event):
    kind = "settings_changed"
    subject_type = "settings"
    subject_field = "subject"
    subject: int = 1
    changes: Changes = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ExchangeRatesChanged(Event):
    """Rates into the company's currency were entered, loaded or taken away."""

    kind = "exchange_rates_changed"
    subject_type = "exchange_rates"
    subject_field = "subject"
    subject: int = 1
    changes: Changes = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ImportRequested(Event):
    """A zip with a book of business is to be taken in, in the background."""

    kind = "import_requested"
    subject_type = "import"
    subject_field = "import_id"
    import_id: int


@dataclass(frozen=True, kw_only=True)
class BookImported(Event):
    kind = "book_imported"
    subject_type = "import"
    subject_field = "import_id"
    import_id: int
    files: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, kw_only=True)
class InvoiceEvent(Event):
    subject_type = "invoice"
    subject_field = "invoice_id"
    invoice_id: int


@dataclass(frozen=True, kw_only=True)
class InvoicePdfRequested(InvoiceEvent):
    kind = "invoice_pdf_requested"


@dataclass(frozen=True, kw_only=True)
class InvoiceIssued(InvoiceEvent):
    kind = "invoice_issued"
    number: str


@dataclass(frozen=True, kw_only=True)
class InvoiceVoided(InvoiceEvent):
    """`freed_minor`: what had been paid on it, and is account credit now."""

    kind = "invoice_voided"
    reason: str
    freed_minor: int = 0


@dataclass(frozen=True, kw_only=True)
class InvoiceCredited(InvoiceEvent):
    """Somebody wrote a credit note by hand for this invoice."""

    kind = "invoice_credited"
    note_id: int
    amount_minor: int
    currency: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class DraftEdited(InvoiceEvent):
    kind = "draft_edited"
    changes: Changes = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DraftDeleted(InvoiceEvent):
    """The row is gone; this is what remains of it."""

    kind = "draft_deleted"
    client_id: int
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class InvoiceMailQueued(InvoiceEvent):
    kind = "invoice_mail_queued"
    mail_id: int


@dataclass(frozen=True, kw_only=True)
class PaymentRecorded(InvoiceEvent):
    kind = "payment_recorded"
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class AccountCreditApplied(InvoiceEvent):
    kind = "account_credit_applied"
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class AccountEvent(Event):
    """Money that came or went without an invoice."""

    subject_type = "client"
    subject_field = "client_id"
    client_id: int
    amount_minor: int
    currency: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class AdvanceRecorded(AccountEvent):
    kind = "advance_recorded"


@dataclass(frozen=True, kw_only=True)
class RefundRecorded(AccountEvent):
    kind = "refund_recorded"


@dataclass(frozen=True, kw_only=True)
class PaymentReminderDue(InvoiceEvent):
    """A reminder is to go to one address of the client; one with several addresses has an event for each."""

    kind = "payment_reminder_due"
    reminder_id: int
    step_days: int
    days_late: int
    recipient: str


@dataclass(frozen=True, kw_only=True)
class PaymentReminderSent(InvoiceEvent):
    kind = "payment_reminder_sent"
    step_days: int
    days_late: int
    recipient: str


@dataclass(frozen=True, kw_only=True)
class StatementRequested(Event):
    """A statement of account is to be printed."""

    kind = "statement_requested"
    subject_type = "statement"
    subject_field = "statement_id"
    statement_id: int


@dataclass(frozen=True, kw_only=True)
class AccountingExported(Event):
    """Entries of the books went into a batch for the ledger. `ends_on` is the first day not covered."""

    kind = "accounting_exported"
    subject_type = "export_batch"
    subject_field = "batch_id"
    batch_id: int
    number: int
    starts_on: date
    ends_on: date
    documents: int


@dataclass(frozen=True, kw_only=True)
class BillingRunEvent(Event):
    subject_type = "billing_run"
    subject_field = "run_id"
    run_id: int


@dataclass(frozen=True, kw_only=True)
class BillingRunWaiting(BillingRunEvent):
    """A run has a page of clients to bill, or of drafts to issue; each page that leaves more says so again."""

    kind = "billing_run_waiting"


@dataclass(frozen=True, kw_only=True)
class BillingRunDecided(BillingRunEvent):
    """A person approved what a run drafted, or discarded it. `totals`: {currency: minor units}."""

    kind = "billing_run_decided"
    decision: str
    drafts: int
    totals: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class SlaReportRequested(Event):
    kind = "sla_report_requested"
    subject_type = "report"
    subject_field = "report_id"
    report_id: int


@dataclass(frozen=True, kw_only=True)
class PriceBatchEvent(Event):
    """A fact of a price change for many services: `what` says which, `services` how many it concerns."""

    subject_type = "price_batch"
    subject_field = "batch_id"
    batch_id: int
    what: str = ""
    services: int = 0


@dataclass(frozen=True, kw_only=True)
class PriceBatchPlanned(PriceBatchEvent):
    """Confirmed; those whose day has come are carried out in the background."""

    kind = "price_batch_planned"


@dataclass(frozen=True, kw_only=True)
class PriceBatchWaiting(PriceBatchEvent):
    """More of it has come due than one turn of the background carries out."""

    kind = "price_batch_waiting"


@dataclass(frozen=True, kw_only=True)
class PriceBatchWithdrawn(PriceBatchEvent):
    kind = "price_batch_withdrawn"


@dataclass(frozen=True, kw_only=True)
class BulkRequested(Event):
    """A bulk action over chosen services is to be worked through in the background."""

    kind = "bulk_requested"
    subject_type = "bulk"
    subject_field = "bulk_id"
    bulk_id: int


@dataclass(frozen=True, kw_only=True)
class NoticeQueued(Event):
    """One message to one person by one outside channel waits to be sent."""

    kind = "notice_queued"
    subject_type = "notice"
    subject_field = "notice_id"
    notice_id: int


@dataclass(frozen=True, kw_only=True)
class DeliveryEvent(Event):
    """A fact of one event's way to one listener."""

    subject_type = "delivery"
    subject_field = "delivery_id"
    delivery_id: int
    listener: str


@dataclass(frozen=True, kw_only=True)
class DeliveryParked(DeliveryEvent):
    """A listener failed too often: admins are told, and it stands on the ops page."""

    kind = "delivery_parked"
    error: str


@dataclass(frozen=True, kw_only=True)
class DeliveryRetried(DeliveryEvent):
    """Somebody put a parked delivery back."""

    kind = "delivery_retried"
    changes: Changes = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DeliveryGivenUp(DeliveryEvent):
    """Somebody acknowledged that a parked delivery will never be done."""

    kind = "delivery_given_up"


@dataclass(frozen=True, kw_only=True)
class PeriodicRunEvent(Event):
    """A fact of the calendar: `name` is the entry, `slot` the instant at which it was to run."""

    subject_type = "periodic_run"
    subject_field = "run_id"
    run_id: int
    name: str
    slot: datetime


@dataclass(frozen=True, kw_only=True)
class PeriodicRunMissed(PeriodicRunEvent):
    """Nobody was there to run it in time; `missed` slots are made up for by one run."""

    kind = "periodic_run_missed"
    missed: int


@dataclass(frozen=True, kw_only=True)
class PeriodicRunFailed(PeriodicRunEvent):
    kind = "periodic_run_failed"
    error: str


@dataclass(frozen=True, kw_only=True)
class PeriodicRunRepeated(PeriodicRunEvent):
    """Somebody let a failed run run again."""

    kind = "periodic_run_repeated"


@dataclass(frozen=True, kw_only=True)
class BackupEvent(Event):
    """A fact of the backups; `backup_no` counts those of this installation from 1."""

    subject_type = "backup"
    subject_field = "backup_no"
    backup_no: int


@dataclass(frozen=True, kw_only=True)
class BackupMade(BackupEvent):
    kind = "backup_made"
    size_bytes: int
    rows: int


@dataclass(frozen=True, kw_only=True)
class BackupOverdue(BackupEvent):
    """The backup of this number should have been made by now; `hours` have passed without one."""

    kind = "backup_overdue"
    hours: int


@dataclass(frozen=True, kw_only=True)
class UserEvent(Event):
    """A fact of a staff member's account."""

    subject_type = "user"
    subject_field = "user_id"
    user_id: int
    changes: Changes = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class UserAdded(UserEvent):
    kind = "user_added"


@dataclass(frozen=True, kw_only=True)
class UserInvited(UserEvent):
    kind = "user_invited"


@dataclass(frozen=True, kw_only=True)
class OneTimeLinkMade(UserEvent):
    """A link to set a password (purpose: invite, reset) is to be mailed; its token is derived from the row."""

    kind = "one_time_link_made"
    link_id: int
    purpose: str


@dataclass(frozen=True, kw_only=True)
class ProfileChanged(UserEvent):
    kind = "profile_changed"


@dataclass(frozen=True, kw_only=True)
class ViewSaved(UserEvent):
    """A list's filters, sort and columns, kept under a name."""

    kind = "view_saved"
    name: str
    path: str


@dataclass(frozen=True, kw_only=True)
class ViewRemoved(UserEvent):
    kind = "view_removed"
    name: str
    path: str


@dataclass(frozen=True, kw_only=True)
class RoleChanged(UserEvent):
    kind = "role_changed"


@dataclass(frozen=True, kw_only=True)
class UserDeactivated(UserEvent):
    kind = "user_deactivated"


@dataclass(frozen=True, kw_only=True)
class UserReactivated(UserEvent):
    kind = "user_reactivated"


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(UserEvent):
    """`how`: changed (the old one was given), link (a one-time link was used), demo."""

    kind = "password_changed"
    how: str


@dataclass(frozen=True, kw_only=True)
class SignedIn(UserEvent):
    """`second_step`: code, recovery code, or none."""

    kind = "signed_in"
    second_step: str
    address: str


@dataclass(frozen=True, kw_only=True)
class SignInFailed(UserEvent):
    """A wrong password or code for an account that exists; no more than ten in 15 minutes are recorded."""

    kind = "sign_in_failed"
    step: str
    address: str


@dataclass(frozen=True, kw_only=True)
class SignedOut(UserEvent):
    """`what`: this session, another session, all other sessions."""

    kind = "signed_out"
    what: str


@dataclass(frozen=True, kw_only=True)
class SecondStepSetUp(UserEvent):
    kind = "second_step_set_up"


@dataclass(frozen=True, kw_only=True)
class SecondStepRemoved(UserEvent):
    kind = "second_step_removed"


@dataclass(frozen=True, kw_only=True)
class RecoveryCodesMade(UserEvent):
    kind = "recovery_codes_made"
