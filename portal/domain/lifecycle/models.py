"""The client service: one product sold to one client, the thing with a lifecycle."""

from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, Currency, Id, Instant, Minor, enum_type
from portal.domain.catalogue.models import Product, SlaPolicy
from portal.domain.clients.models import Client, Contact, Contract
from portal.domain.lifecycle.rules import ProvisioningStatus, Status
from portal.domain.money import Money
from portal.domain.periods import Cycle
from portal.domain.staff.models import User
from portal.domain.words import PriorityLevel, RenewalDecision, ServiceLevel, ServiceType, Unused

# The day that somebody has to think of next: the list of services sorts by it, so it is stored and indexed.
NEXT_DATE = (
    "CASE WHEN status IN ('cancelled', 'completed') THEN NULL WHEN cancel_on IS NOT NULL THEN cancel_on"
    " WHEN status = 'pending' THEN start_date ELSE renewal_date END"
)


class ClientService(Base):
    """Rule book 2. Amounts are minor units of `currency`; `end_date` is the first day not covered.

    A scheduled cancellation stands in `cancel_on` and its companions until the daily job carries it out.
    While a discount runs, `undiscounted_minor` is the cycle's price without it.
    `search` holds the words of its name and of its client's name and code; the database keeps it (trigger).
    """

    __tablename__ = "client_services"
    __label__ = "service"
    __table_args__ = (
        sa.CheckConstraint("end_date IS NULL OR end_date > start_date", name="dates"),
        sa.CheckConstraint(
            "cycle_price_minor >= 0 AND setup_cost_minor >= 0 AND monthly_cost_minor >= 0", name="prices"
        ),
        sa.CheckConstraint("quantity > 0", name="quantity"),
        sa.CheckConstraint(
            "num_nonnulls(discount_percent, discount_minor) = num_nonnulls(undiscounted_minor)",
            name="discount",
        ),
        sa.CheckConstraint("health_score BETWEEN 0 AND 100", name="health"),
        sa.CheckConstraint("client_satisfaction BETWEEN 1 AND 10", name="satisfaction"),
        sa.CheckConstraint("technician_id <> backup_technician_id", name="two_people"),
        sa.CheckConstraint("(status = 'suspended') = (suspended_at IS NOT NULL)", name="suspended"),
        sa.CheckConstraint("(status = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled"),
        sa.Index("ix_client_services_search", "search", postgresql_using="gin"),
        sa.Index("ix_client_services_tags", "tags", postgresql_using="gin"),
        sa.Index("ix_client_services_client", "client_id", "id"),
        sa.Index("ix_client_services_status", "status", "id"),
        sa.Index("ix_client_services_name", "name", "id"),
        sa.Index("ix_client_services_monthly_cost", "monthly_cost_minor", "id"),
        sa.Index("ix_client_services_health", "health_score", "id"),
        sa.Index("ix_client_services_technician", "technician_id", "id"),
        sa.Index("ix_client_services_backup", "backup_technician_id"),
        sa.Index("ix_client_services_renewal", "renewal_date", "id"),
        sa.Index("ix_client_services_next_date", "next_date", "id"),
        sa.Index(
            "ix_client_services_cancel_on", "cancel_on", postgresql_where=sa.text("cancel_on IS NOT NULL")
        ),
    )

    id: Mapped[Id]
    external_id: Mapped[str | None] = mapped_column(sa.String(60), unique=True)
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("clients.id"))
    product_id: Mapped[int] = mapped_column(sa.ForeignKey("products.id"), index=True)
    contract_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contracts.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    description: Mapped[str] = mapped_column(sa.Text, default="")
    service_type: Mapped[ServiceType] = mapped_column(enum_type(ServiceType, "service_type"), index=True)
    category: Mapped[str] = mapped_column(sa.String(80), default="")
    service_level: Mapped[ServiceLevel] = mapped_column(
        enum_type(ServiceLevel, "service_level"), default=ServiceLevel.STANDARD
    )
    priority_level: Mapped[PriorityLevel] = mapped_column(
        enum_type(PriorityLevel, "priority_level"), default=PriorityLevel.NORMAL
    )
    tags: Mapped[list[str]] = mapped_column(ARRAY(sa.String(40)), default=list, server_default="{}")
    notes: Mapped[str] = mapped_column(sa.Text, default="")

    status: Mapped[Status] = mapped_column(enum_type(Status, "status"), default=Status.PENDING)
    provisioning_status: Mapped[ProvisioningStatus] = mapped_column(
        enum_type(ProvisioningStatus, "provisioning_status"), default=ProvisioningStatus.PENDING
    )
    provisioning_failed_reason: Mapped[str] = mapped_column(sa.Text, default="")
    start_date: Mapped[date]
    end_date: Mapped[date | None]
    created_at: Mapped[Instant] = mapped_column(server_default=sa.func.now())
    provisioned_at: Mapped[Instant | None]
    activated_at: Mapped[Instant | None]
    suspended_at: Mapped[Instant | None]
    suspension_reason: Mapped[str] = mapped_column(sa.Text, default="")
    cancel_on: Mapped[date | None]
    cancel_unused: Mapped[Unused] = mapped_column(enum_type(Unused, "cancel_unused"), default=Unused.CREDIT)
    cancelled_at: Mapped[Instant | None]
    cancellation_reason: Mapped[str] = mapped_column(sa.Text, default="")
    cancellation_fee_minor: Mapped[Minor | None]
    cancellation_fee_note: Mapped[str] = mapped_column(sa.Text, default="")
    completed_at: Mapped[Instant | None]

    renewal_date: Mapped[date | None]
    auto_renewal: Mapped[bool] = mapped_column(default=False)
    renewal_term_months: Mapped[int] = mapped_column(default=12)
    notice_days: Mapped[int] = mapped_column(default=30)
    renewal_decision: Mapped[RenewalDecision] = mapped_column(
        enum_type(RenewalDecision, "renewal_decision"), default=RenewalDecision.UNDECIDED
    )
    renewal_count: Mapped[int] = mapped_column(default=0)
    last_renewed_at: Mapped[Instant | None]
    renewal_denied_at: Mapped[Instant | None]
    renewal_denied_reason: Mapped[str] = mapped_column(sa.Text, default="")
    grace_days: Mapped[int | None]

    technician_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    backup_technician_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    escalation_contact_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contacts.id"))

    sla_policy_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sla_policies.id"), index=True)
    sla_terms: Mapped[str] = mapped_column(sa.Text, default="")
    service_hours: Mapped[str] = mapped_column(sa.String(200), default="")
    response_time_minutes: Mapped[int | None]
    resolution_time_minutes: Mapped[int | None]
    availability_target: Mapped[Decimal | None] = mapped_column(sa.Numeric(7, 4))

    monitoring_enabled: Mapped[bool] = mapped_column(default=False)
    monitored_from: Mapped[Instant | None]
    health_score: Mapped[int | None]
    last_health_check_at: Mapped[Instant | None]
    sla_breaches_count: Mapped[int] = mapped_column(default=0)
    last_sla_breach_at: Mapped[Instant | None]
    client_satisfaction: Mapped[int | None]
    last_review_date: Mapped[date | None]
    next_review_date: Mapped[date | None]

    billing_cycle: Mapped[Cycle] = mapped_column(enum_type(Cycle, "billing_cycle"))
    currency: Mapped[Currency]
    quantity: Mapped[int] = mapped_column(default=1)
    unit_price_minor: Mapped[Minor]
    cycle_price_minor: Mapped[Minor]
    undiscounted_minor: Mapped[Minor | None]
    discount_percent: Mapped[Decimal | None] = mapped_column(sa.Numeric(7, 4))
    discount_minor: Mapped[Minor | None]
    discount_until: Mapped[date | None]
    monthly_cost_minor: Mapped[Minor]
    setup_cost_minor: Mapped[Minor] = mapped_column(default=0)
    prorate: Mapped[bool] = mapped_column(default=True)
    credit_on_suspend: Mapped[bool | None]
    actual_monthly_revenue_minor: Mapped[Minor] = mapped_column(default=0)
    total_contract_value_minor: Mapped[Minor] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    search: Mapped[str] = mapped_column(TSVECTOR, server_default="", deferred=True)
    next_date: Mapped[date | None] = mapped_column(sa.Computed(NEXT_DATE, persisted=True), deferred=True)

    client: Mapped[Client] = relationship()
    product: Mapped[Product] = relationship()
    contract: Mapped[Contract | None] = relationship()
    technician: Mapped[User | None] = relationship(foreign_keys=[technician_id])
    backup_technician: Mapped[User | None] = relationship(foreign_keys=[backup_technician_id])
    escalation_contact: Mapped[Contact | None] = relationship()
    sla_policy: Mapped[SlaPolicy | None] = relationship()

    __mapper_args__ = {"version_id_col": version}

    already_done_message = ""
    """What to say when the last command found that it had happened before; not stored."""

    @property
    def cycle_price(self) -> Money:
        return Money(self.cycle_price_minor, self.currency)

    @property
    def monthly_cost(self) -> Money:
        return Money(self.monthly_cost_minor, self.currency)

    @property
    def setup_cost(self) -> Money:
        return Money(self.setup_cost_minor, self.currency)

    @property
    def total_contract_value(self) -> Money:
        return Money(self.total_contract_value_minor, self.currency)

    @property
    def has_scheduled_cancellation(self) -> bool:
        return self.cancel_on is not None and self.cancelled_at is None
