"""The closed lists of words of the rule book, each with the label that people read."""

from enum import StrEnum


class Word(StrEnum):
    """A value of a closed list. Its label is its value in words unless set apart."""

    @property
    def label(self) -> str:
        return LABELS.get(self, self.value.replace("_", " ").capitalize())


class ServiceType(Word):
    MANAGED_SERVICES = "managed_services"
    CLOUD_SERVICES = "cloud_services"
    BACKUP_SERVICES = "backup_services"
    SECURITY_SERVICES = "security_services"
    MONITORING = "monitoring"
    SUPPORT = "support"
    CONSULTING = "consulting"
    MAINTENANCE = "maintenance"
    HOSTING = "hosting"
    LICENSING = "licensing"
    TRAINING = "training"
    PROJECT = "project"
    OTHER = "other"


class ServiceLevel(Word):
    BASIC = "basic"
    STANDARD = "standard"
    PREMIUM = "premium"
    ENTERPRISE = "enterprise"
    CUSTOM = "custom"


class PriorityLevel(Word):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


class Severity(Word):
    """Of an incident; SLA targets are set for each."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Source(Word):
    """Where an incident or an outage came from."""

    MANUAL = "manual"
    MONITOR = "monitor"
    WEBHOOK = "webhook"


class Unused(Word):
    """What becomes of days that were billed ahead and are not used."""

    CREDIT = "credit"
    DEDUCT = "deduct"
    NOTHING = "nothing"


class RenewalDecision(Word):
    UNDECIDED = "undecided"
    APPROVED = "approved"
    DENIED = "denied"


class ScheduleStatus(Word):
    ACTIVE = "active"
    PAUSED = "paused"
    PARKED = "parked"
    ENDED = "ended"


class InvoiceKind(Word):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class InvoiceStatus(Word):
    DRAFT = "draft"
    ISSUED = "issued"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    VOID = "void"


class LineKind(Word):
    RECURRING = "recurring"
    SETUP_FEE = "setup_fee"
    CANCELLATION_FEE = "cancellation_fee"
    ADJUSTMENT = "adjustment"
    CREDIT = "credit"


class EntryKind(Word):
    """What moves the balance of a client."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    VOID = "void"
    PAYMENT = "payment"
    REFUND = "refund"


class Movement(Word):
    """Kinds of change of MRR (rule book 9)."""

    NEW = "new"
    EXPANSION = "expansion"
    CONTRACTION = "contraction"
    CHURN = "churn"
    REACTIVATION = "reactivation"
    PAUSED = "paused"
    RESUMED = "resumed"
    TRANSFER = "transfer"


class ContactRole(Word):
    """What a client's contact gets mail about."""

    BILLING = "billing"
    TECHNICAL = "technical"
    RENEWAL = "renewal"
    REPORTS = "reports"


class JobState(Word):
    """Of long work that is a row: an import, a bulk action, a report, a billing run."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ItemState(Word):
    """Of one row of a bulk action."""

    WAITING = "waiting"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


class PriceState(Word):
    """Of a price change, and of a bulk one. What is proposed has been previewed and not confirmed."""

    PROPOSED = "proposed"
    PLANNED = "planned"
    DONE = "done"
    WITHDRAWN = "withdrawn"
    SKIPPED = "skipped"
    FAILED = "failed"


class Channel(Word):
    IN_APP = "in_app"
    EMAIL = "email"


class NoticeStatus(Word):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


LABELS: dict[Word, str] = {
    ServiceType.MANAGED_SERVICES: "Managed services",
    Channel.IN_APP: "In the portal",
    Channel.EMAIL: "E-mail",
    Unused.CREDIT: "Credit note for the unused days",
    Unused.DEDUCT: "Deduct from an unpaid invoice",
    Unused.NOTHING: "No credit",
}
