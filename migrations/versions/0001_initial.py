"""The tables, and the triggers that guard them."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

GUARDS = Path(__file__).parent.parent / "guards.sql"


def upgrade():
    op.create_table(
        "calendars",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("windows", sa.Text(), nullable=False),
        sa.Column("holidays_country", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendars")),
        sa.UniqueConstraint("name", name=op.f("uq_calendars_name")),
    )
    op.create_table(
        "clock_offset",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("ahead", sa.Interval(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_clock_offset_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_offset")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_actor", "events", ["actor_id", sa.literal_column("id DESC")], unique=False)
    op.create_index("ix_events_kind", "events", ["kind", sa.literal_column("id DESC")], unique=False)
    op.create_index(
        "ix_events_subject",
        "events",
        ["subject_type", "subject_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "invoice_series",
        sa.Column(
            "kind",
            sa.Enum(
                "invoice", "credit_note", name="kind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_invoice_series")),
    )
    op.create_table(
        "login_attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column(
            "step",
            sa.Enum(
                "password",
                "code",
                "forgot",
                name="step",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempts")),
    )
    op.create_index(
        "ix_login_attempts_account_address_step_at",
        "login_attempts",
        ["account", "address", "step", "at"],
        unique=False,
    )
    op.create_table(
        "periodic_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "baseline",
                "due",
                "running",
                "done",
                "failed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("missed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_periodic_runs")),
        sa.UniqueConstraint("name", "slot", name=op.f("uq_periodic_runs_name_slot")),
    )
    op.create_index(
        "ix_periodic_runs_open",
        "periodic_runs",
        ["slot"],
        unique=False,
        postgresql_where=sa.text("state IN ('due', 'running')"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "admin",
                "account_manager",
                "technician",
                "finance",
                "viewer",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=True),
        sa.Column(
            "theme",
            sa.Enum(
                "auto", "light", "dark", name="theme", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("has_demo_password", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("totp_secret", sa.Text(), nullable=True),
        sa.Column("totp_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_users_email_lower_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_index(op.f("ix_users_name"), "users", ["name"], unique=False)
    op.create_table(
        "worker_heartbeats",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker_heartbeats")),
    )
    op.create_table(
        "billing_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "running",
                "done",
                "failed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_by_id", sa.BigInteger(), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("invoices", sa.Integer(), nullable=False),
        sa.Column("parked", sa.Integer(), nullable=False),
        sa.Column("totals", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.Integer(), nullable=False),
        sa.Column("billed_to_client_id", sa.BigInteger(), nullable=False),
        sa.Column("is_rerun", sa.Boolean(), nullable=False),
        sa.Column("holds_drafts", sa.Boolean(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("is_discarded", sa.Boolean(), nullable=False),
        sa.Column("decided_to_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_billing_runs_decided_by_id")),
        sa.ForeignKeyConstraint(["started_by_id"], ["users.id"], name=op.f("fk_billing_runs_started_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_runs")),
    )
    op.create_table(
        "bulk_actions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("command", sa.String(length=40), nullable=False),
        sa.Column("arguments", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "running",
                "done",
                "failed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("requested_by_id", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["users.id"], name=op.f("fk_bulk_actions_requested_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_actions")),
    )
    op.create_index(
        op.f("ix_bulk_actions_requested_by_id"), "bulk_actions", ["requested_by_id"], unique=False
    )
    op.create_table(
        "business_settings",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["users.id"], name=op.f("fk_business_settings_changed_by_id")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_business_settings")),
    )
    op.create_table(
        "calendar_holidays",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("calendar_id", sa.BigInteger(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_id"],
            ["calendars.id"],
            name=op.f("fk_calendar_holidays_calendar_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_holidays")),
        sa.UniqueConstraint("calendar_id", "on_date", name=op.f("uq_calendar_holidays_calendar_id_on_date")),
    )
    op.create_table(
        "clients",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=20), nullable=False),
        sa.Column("payment_terms_days", sa.Integer(), nullable=False),
        sa.Column("tax_rate_percent", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("tax_exempt", sa.Boolean(), nullable=False),
        sa.Column("tax_id", sa.String(length=60), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("po_number", sa.String(length=60), nullable=False),
        sa.Column("billing_email", sa.String(length=254), nullable=False),
        sa.Column("billing_day", sa.Integer(), nullable=True),
        sa.Column("consolidate_invoices", sa.Boolean(), nullable=False),
        sa.Column("credit_on_suspend", sa.Boolean(), nullable=True),
        sa.Column("email_invoices", sa.Boolean(), nullable=True),
        sa.Column("overdue_limit_minor", sa.BigInteger(), nullable=False),
        sa.Column("wants_renewal_notices", sa.Boolean(), nullable=False),
        sa.Column("wants_monthly_report", sa.Boolean(), nullable=False),
        sa.Column("wants_payment_reminders", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("account_manager_id", sa.BigInteger(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('simple', code || ' ' || name)", persisted=True),
            nullable=False,
        ),
        sa.CheckConstraint("billing_day BETWEEN 1 AND 31", name=op.f("ck_clients_billing_day")),
        sa.CheckConstraint("payment_terms_days >= 0", name=op.f("ck_clients_payment_terms")),
        sa.CheckConstraint("tax_rate_percent BETWEEN 0 AND 100", name=op.f("ck_clients_tax_rate")),
        sa.ForeignKeyConstraint(
            ["account_manager_id"], ["users.id"], name=op.f("fk_clients_account_manager_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
        sa.UniqueConstraint("code", name=op.f("uq_clients_code")),
    )
    op.create_index(op.f("ix_clients_account_manager_id"), "clients", ["account_manager_id"], unique=False)
    op.create_index(op.f("ix_clients_name"), "clients", ["name"], unique=False)
    op.create_index("ix_clients_search", "clients", ["search"], unique=False, postgresql_using="gin")
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("listener", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("crashes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("leased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_alone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gave_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gave_up_by", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("done_at IS NULL OR parked_at IS NULL", name=op.f("ck_deliveries_one_result")),
        sa.CheckConstraint(
            "gave_up_at IS NULL OR parked_at IS NOT NULL", name=op.f("ck_deliveries_only_parked_is_given_up")
        ),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_deliveries_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("event_id", "listener", name=op.f("uq_deliveries_event_id_listener")),
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["queue", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND parked_at IS NULL"),
    )
    op.create_index(
        "ix_deliveries_parked",
        "deliveries",
        ["parked_at", "id"],
        unique=False,
        postgresql_where=sa.text("parked_at IS NOT NULL"),
    )
    op.create_table(
        "exchange_rates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("into", sa.String(length=3), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=20, scale=10), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint('currency <> "into"', name=op.f("ck_exchange_rates_two_currencies")),
        sa.CheckConstraint("rate > 0", name=op.f("ck_exchange_rates_rate")),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["users.id"], name=op.f("fk_exchange_rates_entered_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_rates")),
        sa.UniqueConstraint(
            "currency", "into", "on_date", name=op.f("uq_exchange_rates_currency_into_on_date")
        ),
    )
    op.create_table(
        "export_batches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("totals", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("made_by_id", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on > starts_on", name=op.f("ck_export_batches_period")),
        sa.ForeignKeyConstraint(["made_by_id"], ["users.id"], name=op.f("fk_export_batches_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_batches")),
        sa.UniqueConstraint("number", name=op.f("uq_export_batches_number")),
    )
    op.create_table(
        "import_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("archive", sa.LargeBinary(), nullable=True),
        sa.Column("is_dry_run", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "running",
                "done",
                "failed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("requested_by_id", sa.BigInteger(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["users.id"], name=op.f("fk_import_runs_requested_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_runs")),
    )
    op.create_table(
        "notice_preferences",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column(
            "channel",
            sa.Enum("in_app", "email", name="channel", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("is_wanted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notice_preferences_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_preferences")),
        sa.UniqueConstraint(
            "user_id", "kind", "channel", name=op.f("uq_notice_preferences_user_id_kind_channel")
        ),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum("in_app", "email", name="channel", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "waiting",
                "sent",
                "failed",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_notices_event_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notices_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint(
            "event_id", "user_id", "channel", name=op.f("uq_notices_event_id_user_id_channel")
        ),
    )
    op.create_index("ix_notices_channel", "notices", ["channel", "id"], unique=False)
    op.create_index(
        "ix_notices_unread",
        "notices",
        ["user_id", "id"],
        unique=False,
        postgresql_where=sa.text("channel = 'in_app' AND read_at IS NULL"),
    )
    op.create_index("ix_notices_user", "notices", ["user_id", "id"], unique=False)
    op.create_table(
        "one_time_links",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("invite", "reset", name="purpose", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "expires_at <= created_at + interval '60 minutes'", name=op.f("ck_one_time_links_an_hour_at_most")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_one_time_links_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_links")),
    )
    op.create_index(op.f("ix_one_time_links_user_id"), "one_time_links", ["user_id"], unique=False)
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint("user_id", "code_hash", name="uq_recovery_codes_user_id_code_hash"),
    )
    op.create_table(
        "saved_views",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_saved_views_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("user_id", "path", "name", name=op.f("uq_saved_views_user_id_path_name")),
    )
    op.create_index("ix_saved_views_path", "saved_views", ["path"], unique=False)
    op.create_index(
        "uq_saved_views_default",
        "saved_views",
        ["user_id", "path"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "sla_policies",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("calendar_id", sa.BigInteger(), nullable=False),
        sa.Column("availability_target", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "availability_target BETWEEN 0 AND 100", name=op.f("ck_sla_policies_availability")
        ),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendars.id"], name=op.f("fk_sla_policies_calendar_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_policies")),
        sa.UniqueConstraint("name", name=op.f("uq_sla_policies_name")),
    )
    op.create_index(op.f("ix_sla_policies_calendar_id"), "sla_policies", ["calendar_id"], unique=False)
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("awaits_code", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ip", sa.String(length=64), nullable=True),
        sa.Column("user_agent", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_sessions_token_hash")),
    )
    op.create_index(op.f("ix_user_sessions_user_id"), "user_sessions", ["user_id"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=60), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.String(length=20)), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_contacts_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("client_id", "email", name=op.f("uq_contacts_client_id_email")),
    )
    op.create_index(op.f("ix_contacts_client_id"), "contacts", ["client_id"], unique=False)
    op.create_table(
        "contracts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("cancellation_fee_percent", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("cancellation_fee_cap_months", sa.Integer(), nullable=True),
        sa.Column("uplift_percent", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("cancellation_fee_percent BETWEEN 0 AND 100", name=op.f("ck_contracts_fee")),
        sa.CheckConstraint("end_date IS NULL OR end_date > start_date", name=op.f("ck_contracts_dates")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_contracts_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contracts")),
        sa.UniqueConstraint("number", name=op.f("uq_contracts_number")),
    )
    op.create_index(op.f("ix_contracts_client_id"), "contracts", ["client_id"], unique=False)
    op.create_table(
        "exported_entries",
        sa.Column(
            "kind",
            sa.Enum(
                "invoice",
                "credit_note",
                "void",
                "payment",
                "refund",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["export_batches.id"], name=op.f("fk_exported_entries_batch_id")
        ),
        sa.PrimaryKeyConstraint("kind", "source_id", name=op.f("pk_exported_entries")),
    )
    op.create_index(op.f("ix_exported_entries_batch_id"), "exported_entries", ["batch_id"], unique=False)
    op.create_table(
        "invoices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "invoice", "credit_note", name="kind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "issued",
                "partly_paid",
                "paid",
                "void",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("drafted_on", sa.Date(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("subtotal_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("corrects_invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("deducts", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("po_number", sa.String(length=60), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("party", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("void_reason", sa.Text(), nullable=False),
        sa.Column("voided_on", sa.Date(), nullable=True),
        sa.Column("pdf_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pdf_key", sa.String(length=200), nullable=True),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(status = 'draft') = (issued_on IS NULL)", name=op.f("ck_invoices_issued")),
        sa.CheckConstraint("(status = 'draft') = (number IS NULL)", name=op.f("ck_invoices_number")),
        sa.CheckConstraint("total_minor = subtotal_minor + tax_minor", name=op.f("ck_invoices_total")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_invoices_client_id")),
        sa.ForeignKeyConstraint(
            ["corrects_invoice_id"], ["invoices.id"], name=op.f("fk_invoices_corrects_invoice_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["billing_runs.id"], name=op.f("fk_invoices_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("number", name=op.f("uq_invoices_number")),
    )
    op.create_index("ix_invoices_client", "invoices", ["client_id", "id"], unique=False)
    op.create_index(
        op.f("ix_invoices_corrects_invoice_id"), "invoices", ["corrects_invoice_id"], unique=False
    )
    op.create_index(op.f("ix_invoices_run_id"), "invoices", ["run_id"], unique=False)
    op.create_index("ix_invoices_status", "invoices", ["status", "due_on"], unique=False)
    op.create_table(
        "products",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sku", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column(
            "service_type",
            sa.Enum(
                "managed_services",
                "cloud_services",
                "backup_services",
                "security_services",
                "monitoring",
                "support",
                "consulting",
                "maintenance",
                "hosting",
                "licensing",
                "training",
                "project",
                "other",
                name="service_type",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("category", sa.String(length=80), nullable=False),
        sa.Column(
            "service_level",
            sa.Enum(
                "basic",
                "standard",
                "premium",
                "enterprise",
                "custom",
                name="service_level",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "billing_cycle",
            sa.Enum(
                "weekly",
                "monthly",
                "quarterly",
                "semi-annually",
                "annually",
                "one-time",
                name="billing_cycle",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("cycle_price_minor", sa.BigInteger(), nullable=False),
        sa.Column("setup_fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("term_months", sa.Integer(), nullable=False),
        sa.Column("notice_days", sa.Integer(), nullable=False),
        sa.Column("uplift_percent", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("uplift_cap_percent", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("cancellation_fee_percent", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("sla_policy_id", sa.BigInteger(), nullable=True),
        sa.Column("required_skills", postgresql.ARRAY(sa.String(length=60)), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "cycle_price_minor >= 0 AND setup_fee_minor >= 0", name=op.f("ck_products_prices")
        ),
        sa.CheckConstraint("term_months >= 0 AND notice_days >= 0", name=op.f("ck_products_term")),
        sa.ForeignKeyConstraint(
            ["sla_policy_id"], ["sla_policies.id"], name=op.f("fk_products_sla_policy_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("sku", name=op.f("uq_products_sku")),
    )
    op.create_index(op.f("ix_products_name"), "products", ["name"], unique=False)
    op.create_table(
        "refunds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("refunded_on", sa.Date(), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("recorded_by_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refunds_amount")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_refunds_client_id")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["users.id"], name=op.f("fk_refunds_recorded_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
    )
    op.create_index(op.f("ix_refunds_client_id"), "refunds", ["client_id"], unique=False)
    op.create_table(
        "sla_targets",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "severity",
            sa.Enum(
                "low",
                "medium",
                "high",
                "critical",
                name="severity",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("response_minutes", sa.Integer(), nullable=False),
        sa.Column("resolution_minutes", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "response_minutes > 0 AND resolution_minutes > 0", name=op.f("ck_sla_targets_positive")
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["sla_policies.id"], name=op.f("fk_sla_targets_policy_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_targets")),
        sa.UniqueConstraint("policy_id", "severity", name=op.f("uq_sla_targets_policy_id_severity")),
    )
    op.create_table(
        "statements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pdf_key", sa.String(length=200), nullable=True),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=True),
        sa.CheckConstraint("ends_on > starts_on", name=op.f("ck_statements_period")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["users.id"], name=op.f("fk_statements_asked_by_id")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_statements_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
    )
    op.create_index("ix_statements_client", "statements", ["client_id", "id"], unique=False)
    op.create_table(
        "suspension_dismissals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("dismissed_by_id", sa.BigInteger(), nullable=True),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_suspension_dismissals_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["dismissed_by_id"], ["users.id"], name=op.f("fk_suspension_dismissals_dismissed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspension_dismissals")),
    )
    op.create_index(
        "ix_suspension_dismissals_client", "suspension_dismissals", ["client_id", "until_on"], unique=False
    )
    op.create_table(
        "checklist_items",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("is_mandatory", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_checklist_items_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_items")),
        sa.UniqueConstraint("product_id", "position", name=op.f("uq_checklist_items_product_id_position")),
    )
    op.create_table(
        "client_services",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("external_id", sa.String(length=60), nullable=True),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column(
            "service_type",
            sa.Enum(
                "managed_services",
                "cloud_services",
                "backup_services",
                "security_services",
                "monitoring",
                "support",
                "consulting",
                "maintenance",
                "hosting",
                "licensing",
                "training",
                "project",
                "other",
                name="service_type",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("category", sa.String(length=80), nullable=False),
        sa.Column(
            "service_level",
            sa.Enum(
                "basic",
                "standard",
                "premium",
                "enterprise",
                "custom",
                name="service_level",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "priority_level",
            sa.Enum(
                "low",
                "normal",
                "high",
                "critical",
                name="priority_level",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("tags", postgresql.ARRAY(sa.String(length=40)), server_default="{}", nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "active",
                "suspended",
                "cancelled",
                "completed",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "provisioning_status",
            sa.Enum(
                "pending",
                "in_progress",
                "completed",
                "failed",
                name="provisioning_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("provisioning_failed_reason", sa.Text(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("provisioned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspension_reason", sa.Text(), nullable=False),
        sa.Column("cancel_on", sa.Date(), nullable=True),
        sa.Column(
            "cancel_unused",
            sa.Enum(
                "credit",
                "deduct",
                "nothing",
                name="cancel_unused",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancellation_reason", sa.Text(), nullable=False),
        sa.Column("cancellation_fee_minor", sa.BigInteger(), nullable=True),
        sa.Column("cancellation_fee_note", sa.Text(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renewal_date", sa.Date(), nullable=True),
        sa.Column("auto_renewal", sa.Boolean(), nullable=False),
        sa.Column("renewal_term_months", sa.Integer(), nullable=False),
        sa.Column("notice_days", sa.Integer(), nullable=False),
        sa.Column(
            "renewal_decision",
            sa.Enum(
                "undecided",
                "approved",
                "denied",
                name="renewal_decision",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("renewal_count", sa.Integer(), nullable=False),
        sa.Column("last_renewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renewal_denied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renewal_denied_reason", sa.Text(), nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=True),
        sa.Column("technician_id", sa.BigInteger(), nullable=True),
        sa.Column("backup_technician_id", sa.BigInteger(), nullable=True),
        sa.Column("escalation_contact_id", sa.BigInteger(), nullable=True),
        sa.Column("sla_policy_id", sa.BigInteger(), nullable=True),
        sa.Column("sla_terms", sa.Text(), nullable=False),
        sa.Column("service_hours", sa.String(length=200), nullable=False),
        sa.Column("response_time_minutes", sa.Integer(), nullable=True),
        sa.Column("resolution_time_minutes", sa.Integer(), nullable=True),
        sa.Column("availability_target", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("monitoring_enabled", sa.Boolean(), nullable=False),
        sa.Column("monitored_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("health_score", sa.Integer(), nullable=True),
        sa.Column("last_health_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sla_breaches_count", sa.Integer(), nullable=False),
        sa.Column("last_sla_breach_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("client_satisfaction", sa.Integer(), nullable=True),
        sa.Column("last_review_date", sa.Date(), nullable=True),
        sa.Column("next_review_date", sa.Date(), nullable=True),
        sa.Column(
            "billing_cycle",
            sa.Enum(
                "weekly",
                "monthly",
                "quarterly",
                "semi-annually",
                "annually",
                "one-time",
                name="billing_cycle",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price_minor", sa.BigInteger(), nullable=False),
        sa.Column("cycle_price_minor", sa.BigInteger(), nullable=False),
        sa.Column("undiscounted_minor", sa.BigInteger(), nullable=True),
        sa.Column("discount_percent", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("discount_minor", sa.BigInteger(), nullable=True),
        sa.Column("discount_until", sa.Date(), nullable=True),
        sa.Column("monthly_cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("setup_cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("prorate", sa.Boolean(), nullable=False),
        sa.Column("credit_on_suspend", sa.Boolean(), nullable=True),
        sa.Column("actual_monthly_revenue_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_contract_value_minor", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("search", postgresql.TSVECTOR(), server_default="", nullable=False),
        sa.Column(
            "next_date",
            sa.Date(),
            sa.Computed(
                "CASE WHEN status IN ('cancelled', 'completed') THEN NULL WHEN cancel_on IS NOT NULL THEN cancel_on WHEN status = 'pending' THEN start_date ELSE renewal_date END",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "(status = 'cancelled') = (cancelled_at IS NOT NULL)", name=op.f("ck_client_services_cancelled")
        ),
        sa.CheckConstraint(
            "(status = 'suspended') = (suspended_at IS NOT NULL)", name=op.f("ck_client_services_suspended")
        ),
        sa.CheckConstraint(
            "client_satisfaction BETWEEN 1 AND 10", name=op.f("ck_client_services_satisfaction")
        ),
        sa.CheckConstraint(
            "cycle_price_minor >= 0 AND setup_cost_minor >= 0 AND monthly_cost_minor >= 0",
            name=op.f("ck_client_services_prices"),
        ),
        sa.CheckConstraint(
            "end_date IS NULL OR end_date > start_date", name=op.f("ck_client_services_dates")
        ),
        sa.CheckConstraint("health_score BETWEEN 0 AND 100", name=op.f("ck_client_services_health")),
        sa.CheckConstraint(
            "num_nonnulls(discount_percent, discount_minor) = num_nonnulls(undiscounted_minor)",
            name=op.f("ck_client_services_discount"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_client_services_quantity")),
        sa.CheckConstraint(
            "technician_id <> backup_technician_id", name=op.f("ck_client_services_two_people")
        ),
        sa.ForeignKeyConstraint(
            ["backup_technician_id"], ["users.id"], name=op.f("fk_client_services_backup_technician_id")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_client_services_client_id")),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.id"], name=op.f("fk_client_services_contract_id")
        ),
        sa.ForeignKeyConstraint(
            ["escalation_contact_id"], ["contacts.id"], name=op.f("fk_client_services_escalation_contact_id")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_client_services_product_id")),
        sa.ForeignKeyConstraint(
            ["sla_policy_id"], ["sla_policies.id"], name=op.f("fk_client_services_sla_policy_id")
        ),
        sa.ForeignKeyConstraint(
            ["technician_id"], ["users.id"], name=op.f("fk_client_services_technician_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_services")),
        sa.UniqueConstraint("external_id", name=op.f("uq_client_services_external_id")),
    )
    op.create_index("ix_client_services_backup", "client_services", ["backup_technician_id"], unique=False)
    op.create_index(
        "ix_client_services_cancel_on",
        "client_services",
        ["cancel_on"],
        unique=False,
        postgresql_where=sa.text("cancel_on IS NOT NULL"),
    )
    op.create_index("ix_client_services_client", "client_services", ["client_id", "id"], unique=False)
    op.create_index(op.f("ix_client_services_contract_id"), "client_services", ["contract_id"], unique=False)
    op.create_index("ix_client_services_health", "client_services", ["health_score", "id"], unique=False)
    op.create_index(
        "ix_client_services_monthly_cost", "client_services", ["monthly_cost_minor", "id"], unique=False
    )
    op.create_index("ix_client_services_name", "client_services", ["name", "id"], unique=False)
    op.create_index("ix_client_services_next_date", "client_services", ["next_date", "id"], unique=False)
    op.create_index(op.f("ix_client_services_product_id"), "client_services", ["product_id"], unique=False)
    op.create_index("ix_client_services_renewal", "client_services", ["renewal_date", "id"], unique=False)
    op.create_index(
        "ix_client_services_search", "client_services", ["search"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        op.f("ix_client_services_service_type"), "client_services", ["service_type"], unique=False
    )
    op.create_index(
        op.f("ix_client_services_sla_policy_id"), "client_services", ["sla_policy_id"], unique=False
    )
    op.create_index("ix_client_services_status", "client_services", ["status", "id"], unique=False)
    op.create_index(
        "ix_client_services_tags", "client_services", ["tags"], unique=False, postgresql_using="gin"
    )
    op.create_index("ix_client_services_technician", "client_services", ["technician_id", "id"], unique=False)
    op.create_table(
        "invoice_mails",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asked_by_id"], ["users.id"], name=op.f("fk_invoice_mails_asked_by_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_mails_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_mails")),
    )
    op.create_index(op.f("ix_invoice_mails_invoice_id"), "invoice_mails", ["invoice_id"], unique=False)
    op.create_index(
        "uq_invoice_mails_by_itself",
        "invoice_mails",
        ["invoice_id"],
        unique=True,
        postgresql_where=sa.text("asked_by_id IS NULL"),
    )
    op.create_table(
        "invoice_taxes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("rate_percent", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("base_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_taxes_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_taxes")),
        sa.UniqueConstraint(
            "invoice_id", "rate_percent", name=op.f("uq_invoice_taxes_invoice_id_rate_percent")
        ),
    )
    op.create_table(
        "payment_reminders",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("step_days", sa.Integer(), nullable=False),
        sa.Column("days_late", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("step_days > 0", name=op.f("ck_payment_reminders_step")),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_payment_reminders_invoice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_reminders")),
        sa.UniqueConstraint(
            "invoice_id", "step_days", name=op.f("uq_payment_reminders_invoice_id_step_days")
        ),
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("recorded_by_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payments_amount")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_payments_client_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_payments_invoice_id")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["users.id"], name=op.f("fk_payments_recorded_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
    )
    op.create_index(op.f("ix_payments_client_id"), "payments", ["client_id"], unique=False)
    op.create_index(op.f("ix_payments_invoice_id"), "payments", ["invoice_id"], unique=False)
    op.create_table(
        "price_batches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("client_id", sa.BigInteger(), nullable=True),
        sa.Column("percent", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("round_to_minor", sa.BigInteger(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "planned",
                "done",
                "withdrawn",
                "skipped",
                "failed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("requested_by_id", sa.BigInteger(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(amount_minor IS NULL) = (currency IS NULL)", name=op.f("ck_price_batches_currency")
        ),
        sa.CheckConstraint(
            "(percent IS NULL) <> (amount_minor IS NULL)", name=op.f("ck_price_batches_percent_or_amount")
        ),
        sa.CheckConstraint("round_to_minor > 0", name=op.f("ck_price_batches_rounding")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_price_batches_client_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_price_batches_product_id")),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["users.id"], name=op.f("fk_price_batches_requested_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_batches")),
    )
    op.create_index(op.f("ix_price_batches_client_id"), "price_batches", ["client_id"], unique=False)
    op.create_index(op.f("ix_price_batches_product_id"), "price_batches", ["product_id"], unique=False)
    op.create_index(
        op.f("ix_price_batches_requested_by_id"), "price_batches", ["requested_by_id"], unique=False
    )
    op.create_table(
        "allocations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("credit_note_id", sa.BigInteger(), nullable=True),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("refund_id", sa.BigInteger(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("allocated_on", sa.Date(), nullable=False),
        sa.Column("allocated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("allocated_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_allocations_amount")),
        sa.CheckConstraint("num_nonnulls(invoice_id, refund_id) = 1", name=op.f("ck_allocations_one_target")),
        sa.CheckConstraint(
            "num_nonnulls(payment_id, credit_note_id) = 1", name=op.f("ck_allocations_one_source")
        ),
        sa.ForeignKeyConstraint(
            ["allocated_by_id"], ["users.id"], name=op.f("fk_allocations_allocated_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["invoices.id"], name=op.f("fk_allocations_credit_note_id")
        ),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_allocations_invoice_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_allocations_payment_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_allocations_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocations")),
    )
    op.create_index(op.f("ix_allocations_credit_note_id"), "allocations", ["credit_note_id"], unique=False)
    op.create_index(op.f("ix_allocations_invoice_id"), "allocations", ["invoice_id"], unique=False)
    op.create_index(op.f("ix_allocations_payment_id"), "allocations", ["payment_id"], unique=False)
    op.create_index(op.f("ix_allocations_refund_id"), "allocations", ["refund_id"], unique=False)
    op.create_table(
        "billing_failures",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("client_service_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rerun_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_service_id"], ["client_services.id"], name=op.f("fk_billing_failures_client_service_id")
        ),
        sa.ForeignKeyConstraint(["rerun_id"], ["billing_runs.id"], name=op.f("fk_billing_failures_rerun_id")),
        sa.ForeignKeyConstraint(["run_id"], ["billing_runs.id"], name=op.f("fk_billing_failures_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_failures")),
        sa.UniqueConstraint(
            "run_id", "client_service_id", name=op.f("uq_billing_failures_run_id_client_service_id")
        ),
    )
    op.create_index(
        op.f("ix_billing_failures_client_service_id"), "billing_failures", ["client_service_id"], unique=False
    )
    op.create_index(op.f("ix_billing_failures_rerun_id"), "billing_failures", ["rerun_id"], unique=False)
    op.create_table(
        "bulk_items",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bulk_id", sa.BigInteger(), nullable=False),
        sa.Column("client_service_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "done",
                "skipped",
                "failed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["bulk_id"], ["bulk_actions.id"], name=op.f("fk_bulk_items_bulk_id")),
        sa.ForeignKeyConstraint(
            ["client_service_id"], ["client_services.id"], name=op.f("fk_bulk_items_client_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_items")),
        sa.UniqueConstraint(
            "bulk_id", "client_service_id", name=op.f("uq_bulk_items_bulk_id_client_service_id")
        ),
    )
    op.create_index(
        op.f("ix_bulk_items_client_service_id"), "bulk_items", ["client_service_id"], unique=False
    )
    op.create_table(
        "health_checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_service_id", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("factors", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_health_checks_score")),
        sa.ForeignKeyConstraint(
            ["client_service_id"], ["client_services.id"], name=op.f("fk_health_checks_client_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_health_checks")),
        sa.UniqueConstraint(
            "client_service_id", "checked_at", name=op.f("uq_health_checks_client_service_id_checked_at")
        ),
    )
    op.create_table(
        "incidents",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_service_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column(
            "severity",
            sa.Enum(
                "low",
                "medium",
                "high",
                "critical",
                name="severity",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "source",
            sa.Enum(
                "manual",
                "monitor",
                "webhook",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("response_minutes", sa.Integer(), nullable=True),
        sa.Column("resolution_minutes", sa.Integer(), nullable=True),
        sa.Column("response_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolution_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("response_warn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolution_warn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("response_warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolution_warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("response_breached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolution_breached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("breach_reason", sa.Text(), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting_for", sa.Text(), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=False),
        sa.Column("is_downtime", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("import_key", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("acknowledged_at >= opened_at", name=op.f("ck_incidents_acknowledged")),
        sa.CheckConstraint("resolved_at >= opened_at", name=op.f("ck_incidents_resolved")),
        sa.CheckConstraint(
            "waiting_since IS NULL OR resolved_at IS NULL", name=op.f("ck_incidents_waits_or_is_over")
        ),
        sa.ForeignKeyConstraint(
            ["client_service_id"], ["client_services.id"], name=op.f("fk_incidents_client_service_id")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_incidents_contact_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_incidents_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
        sa.UniqueConstraint("import_key", name=op.f("uq_incidents_import_key")),
    )
    op.create_index(
        "ix_incidents_open",
        "incidents",
        ["resolution_due_at"],
        unique=False,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_index("ix_incidents_service", "incidents", ["client_service_id", "opened_at"], unique=False)
    op.create_index(
        "ix_incidents_unanswered",
        "incidents",
        ["response_due_at"],
        unique=False,
        postgresql_where=sa.text("resolved_at IS NULL AND acknowledged_at IS NULL"),
    )
    op.create_table(
        "invoice_lines",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("client_service_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "recurring",
                "setup_fee",
                "cancellation_fee",
                "adjustment",
                "credit",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price_minor", sa.BigInteger(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_rate_percent", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("corrects_line_id", sa.BigInteger(), nullable=True),
        sa.Column("source_key", sa.String(length=120), nullable=True),
        sa.Column("is_void", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(
            "period_end IS NULL OR period_end > period_start", name=op.f("ck_invoice_lines_period")
        ),
        sa.ForeignKeyConstraint(
            ["client_service_id"], ["client_services.id"], name=op.f("fk_invoice_lines_client_service_id")
        ),
        sa.ForeignKeyConstraint(
            ["corrects_line_id"], ["invoice_lines.id"], name=op.f("fk_invoice_lines_corrects_line_id")
        ),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_lines_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_lines")),
        sa.UniqueConstraint("source_key", name=op.f("uq_invoice_lines_source_key")),
    )
    op.create_index(
        op.f("ix_invoice_lines_corrects_line_id"), "invoice_lines", ["corrects_line_id"], unique=False
    )
    op.create_index(op.f("ix_invoice_lines_invoice_id"), "invoice_lines", ["invoice_id"], unique=False)
    op.create_index(
        "uq_invoice_lines_once",
        "invoice_lines",
        ["client_service_id", "kind"],
        unique=True,
        postgresql_where=sa.text("kind IN ('setup_fee', 'cancellation_fee') AND NOT is_void"),
    )
    op.create_index(
        "uq_invoice_lines_period",
        "invoice_lines",
        ["client_service_id", "kind", "period_start"],
        unique=True,
        postgresql_where=sa.text("kind = 'recurring' AND NOT is_void"),
    )
    op.create_table(
        "maintenance_windows",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_service_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("import_key", sa.String(length=64), nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_maintenance_windows_dates")),
        sa.ForeignKeyConstraint(
            ["client_service_id"],
            ["client_services.id"],
            name=op.f("fk_maintenance_windows_client_service_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance_windows")),
        sa.UniqueConstraint("import_key", name=op.f("uq_maintenance_windows_import_key")),
    )
    op.create_index(
        "ix_maintenance_windows_service",
        "maintenance_windows",
        ["client_service_id", "starts_at"],
        unique=False,
    )
    op.create_table(
        "mrr_movements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("client_service_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "new",
                "expansion",
                "contraction",
                "churn",
                "reactivation",
                "paused",
                "resumed",
                "transfer",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_mrr_movements_client_id")),
        sa.ForeignKeyConstraint(
            ["client_service_id"], ["client_services.id"], name=op.f("fk_mrr_movements_client_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mrr_movements")),
    )
    op.create_index("ix_mrr_movements_client", "mrr_movements", ["client_id", "on_date"], unique=False)
    op.create_index(
        op.f("ix_mrr_movements_client_service_id"), "mrr_movements", ["client_service_id"], unique=False
    )
    op.create_index("ix_mrr_movements_date", "mrr_movements", ["on_date"], unique=False)
    op.create_table(
        "price_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_service_id", sa.BigInteger(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "planned",
                "done",
                "withdrawn",
                "skipped",
                "failed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("unit_price_minor", sa.BigInteger(), nullable=True),
        sa.Column("whole_price_minor", sa.BigInteger(), nullable=True),
        sa.Column("discount_percent", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("discount_minor", sa.BigInteger(), nullable=True),
        sa.Column("discount_until", sa.Date(), nullable=True),
        sa.Column("ends_discount", sa.Boolean(), nullable=False),
        sa.Column("ends_change_id", sa.BigInteger(), nullable=True),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("on_boundary", sa.Boolean(), nullable=False),
        sa.Column("cycle_price_before_minor", sa.BigInteger(), nullable=True),
        sa.Column("cycle_price_minor", sa.BigInteger(), nullable=True),
        sa.Column("monthly_change_minor", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("requested_by_id", sa.BigInteger(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "discount_percent IS NULL OR discount_minor IS NULL", name=op.f("ck_price_changes_discount")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_price_changes_quantity")),
        sa.ForeignKeyConstraint(["batch_id"], ["price_batches.id"], name=op.f("fk_price_changes_batch_id")),
        sa.ForeignKeyConstraint(
            ["client_service_id"], ["client_services.id"], name=op.f("fk_price_changes_client_service_id")
        ),
        sa.ForeignKeyConstraint(
            ["ends_change_id"], ["price_changes.id"], name=op.f("fk_price_changes_ends_change_id")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["users.id"], name=op.f("fk_price_changes_requested_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_changes")),
    )
    op.create_index(
        op.f("ix_price_changes_ends_change_id"), "price_changes", ["ends_change_id"], unique=False
    )
    op.create_index(
        "ix_price_changes_planned",
        "price_changes",
        ["effective_on", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'planned'"),
    )
    op.create_index(
        op.f("ix_price_changes_requested_by_id"), "price_changes", ["requested_by_id"], unique=False
    )
    op.create_index(
        "ix_price_changes_service", "price_changes", ["client_service_id", "effective_on", "id"], unique=False
    )
    op.create_index("uq_price_changes_batch", "price_changes", ["batch_id", "client_service_id"], unique=True)
    op.create_table(
        "provisioning_tasks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_service_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("is_mandatory", sa.Boolean(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_service_id"],
            ["client_services.id"],
            name=op.f("fk_provisioning_tasks_client_service_id"),
        ),
        sa.ForeignKeyConstraint(["done_by_id"], ["users.id"], name=op.f("fk_provisioning_tasks_done_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provisioning_tasks")),
        sa.UniqueConstraint(
            "client_service_id", "position", name=op.f("uq_provisioning_tasks_client_service_id_position")
        ),
    )
    op.create_table(
        "recurring_billings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_service_id", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "frequency",
            sa.Enum(
                "weekly",
                "monthly",
                "quarterly",
                "semi-annually",
                "annually",
                "one-time",
                name="frequency",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("anchor_day", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("next_bill_date", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "active",
                "paused",
                "parked",
                "ended",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("paused_on", sa.Date(), nullable=True),
        sa.Column("parked_reason", sa.Text(), nullable=False),
        sa.Column("is_cleared", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("bills_setup", sa.Boolean(), nullable=False),
        sa.Column("last_event_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "CASE status WHEN 'paused' THEN paused_on IS NOT NULL WHEN 'parked' THEN true ELSE paused_on IS NULL END",
            name=op.f("ck_recurring_billings_paused"),
        ),
        sa.CheckConstraint(
            "status <> 'ended' OR ends_on IS NOT NULL", name=op.f("ck_recurring_billings_ended")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_recurring_billings_amount")),
        sa.CheckConstraint("anchor_day BETWEEN 1 AND 31", name=op.f("ck_recurring_billings_anchor_day")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_recurring_billings_client_id")),
        sa.ForeignKeyConstraint(
            ["client_service_id"],
            ["client_services.id"],
            name=op.f("fk_recurring_billings_client_service_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recurring_billings")),
    )
    op.create_index(
        op.f("ix_recurring_billings_client_id"), "recurring_billings", ["client_id"], unique=False
    )
    op.create_index(
        op.f("ix_recurring_billings_client_service_id"),
        "recurring_billings",
        ["client_service_id"],
        unique=False,
    )
    op.create_index(
        "ix_recurring_billings_due",
        "recurring_billings",
        ["next_bill_date", "client_id"],
        unique=False,
        postgresql_where=sa.text("status IN ('active', 'paused')"),
    )
    op.create_index(
        "uq_recurring_billings_one_open",
        "recurring_billings",
        ["client_service_id"],
        unique=True,
        postgresql_where=sa.text("ends_on IS NULL"),
    )
    op.create_table(
        "renewal_cases",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_service_id", sa.BigInteger(), nullable=False),
        sa.Column("term_start", sa.Date(), nullable=False),
        sa.Column("agreed_price_minor", sa.BigInteger(), nullable=True),
        sa.Column("agreed_months", sa.Integer(), nullable=True),
        sa.Column("was_automatic", sa.Boolean(), nullable=True),
        sa.Column("grace_until", sa.Date(), nullable=True),
        sa.Column("grace_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("held_reasons", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("next_contact_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(agreed_months IS NULL) = (agreed_price_minor IS NULL)", name=op.f("ck_renewal_cases_whole")
        ),
        sa.CheckConstraint(
            "agreed_months > 0 AND agreed_price_minor >= 0", name=op.f("ck_renewal_cases_agreed")
        ),
        sa.ForeignKeyConstraint(
            ["client_service_id"], ["client_services.id"], name=op.f("fk_renewal_cases_client_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewal_cases")),
        sa.UniqueConstraint(
            "client_service_id", "term_start", name=op.f("uq_renewal_cases_client_service_id_term_start")
        ),
    )
    op.create_table(
        "renewal_reminders",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_service_id", sa.BigInteger(), nullable=False),
        sa.Column("term_start", sa.Date(), nullable=False),
        sa.Column("stage_days", sa.Integer(), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_service_id"], ["client_services.id"], name=op.f("fk_renewal_reminders_client_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewal_reminders")),
        sa.UniqueConstraint(
            "client_service_id",
            "term_start",
            "stage_days",
            name=op.f("uq_renewal_reminders_client_service_id_term_start_stage_days"),
        ),
    )
    op.create_table(
        "renewals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_service_id", sa.BigInteger(), nullable=False),
        sa.Column("term_start", sa.Date(), nullable=False),
        sa.Column("term_end", sa.Date(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("cycle_price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("renewed_by_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_service_id"], ["client_services.id"], name=op.f("fk_renewals_client_service_id")
        ),
        sa.ForeignKeyConstraint(["renewed_by_id"], ["users.id"], name=op.f("fk_renewals_renewed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewals")),
        sa.UniqueConstraint(
            "client_service_id", "term_start", name=op.f("uq_renewals_client_service_id_term_start")
        ),
    )
    op.create_table(
        "sla_reports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("client_service_id", sa.BigInteger(), nullable=True),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "running",
                "done",
                "failed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("requested_by_id", sa.BigInteger(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("file_key", sa.String(length=200), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.CheckConstraint("period_end > period_start", name=op.f("ck_sla_reports_period")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_sla_reports_client_id")),
        sa.ForeignKeyConstraint(
            ["client_service_id"], ["client_services.id"], name=op.f("fk_sla_reports_client_service_id")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["users.id"], name=op.f("fk_sla_reports_requested_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_reports")),
    )
    op.create_index("ix_sla_reports_client", "sla_reports", ["client_id", "id"], unique=False)
    op.create_index(
        op.f("ix_sla_reports_client_service_id"), "sla_reports", ["client_service_id"], unique=False
    )
    op.create_index(
        "uq_sla_reports_under_way",
        "sla_reports",
        ["client_id", sa.literal_column("coalesce(client_service_id, 0)"), "period_start", "period_end"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_table(
        "wizard_drafts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("client_service_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_service_id"], ["client_services.id"], name=op.f("fk_wizard_drafts_client_service_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_wizard_drafts_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wizard_drafts")),
        sa.UniqueConstraint("client_service_id", name=op.f("uq_wizard_drafts_client_service_id")),
    )
    op.create_index(op.f("ix_wizard_drafts_user_id"), "wizard_drafts", ["user_id"], unique=False)
    op.create_table(
        "incident_comments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_incident_comments_incident_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_incident_comments_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_comments")),
    )
    op.create_index("ix_incident_comments_incident", "incident_comments", ["incident_id", "id"], unique=False)
    op.create_table(
        "incident_pauses",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("ended_at >= began_at", name=op.f("ck_incident_pauses_dates")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_incident_pauses_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_pauses")),
    )
    op.create_index(
        "ix_incident_pauses_incident", "incident_pauses", ["incident_id", "began_at"], unique=False
    )
    op.create_table(
        "outages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_service_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "source",
            sa.Enum(
                "manual",
                "monitor",
                "webhook",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_outages_dates")),
        sa.ForeignKeyConstraint(
            ["client_service_id"], ["client_services.id"], name=op.f("fk_outages_client_service_id")
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_outages_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outages")),
        sa.UniqueConstraint("incident_id", name=op.f("uq_outages_incident_id")),
    )
    op.create_index("ix_outages_service", "outages", ["client_service_id", "started_at"], unique=False)
    sql = GUARDS.read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def downgrade():
    raise RuntimeError("The first migration has nothing before it; drop the database instead.")
