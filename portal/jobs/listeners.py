"""The reaction map (screen 3): which listeners hear of which event.

One line per event; a listener is a function of portal/jobs/<topic>.py, at most 15 lines long, that calls a
domain action. What a listener is: portal/outbox. An event that nobody reacts to has an empty tuple: the map
says so on purpose.
"""

from collections.abc import Mapping

from portal.domain import events as e
from portal.jobs import billing, bulk, email, health, imports, invoices, notices, prices, reports, statements
from portal.outbox import Listener


def _billing(react: billing.Reaction) -> Listener:
    return Listener(react.__name__, "billing", handle=react)


def _tell(kind: str, name: str = "") -> Listener:
    return Listener(name or f"notify_{kind}", "notices", handle=notices.notify(kind))


_work_through_prices = Listener("work_through_prices", "default", handle=prices.work_through_prices)

REACTIONS: Mapping[type[e.Event], tuple[Listener, ...]] = {
    e.ServiceProvisioned:   (_tell("service_provisioned"),),
    e.ServiceActivated:     (_billing(billing.create_recurring_billing), _tell("service_activated")),
    e.ServiceSuspended:     (_billing(billing.suspend_recurring_billing), _tell("service_suspended")),
    e.ServiceResumed:       (_billing(billing.resume_recurring_billing), _tell("service_resumed")),
    e.ServiceCancelled:     (_billing(billing.end_recurring_billing), _tell("service_cancelled")),
    e.ServiceCompleted:     (_billing(billing.end_recurring_billing), _tell("service_completed")),
    e.ServiceRenewed:       (_billing(billing.extend_recurring_billing), _tell("service_renewed")),
    e.ServiceTransferred:   (_billing(billing.move_recurring_billing), _tell("service_transferred")),
    e.PriceChanged:         (_billing(billing.adjust_recurring_billing), _tell("price_changed")),
    e.ServiceDueForRenewal: (_tell("service_due_for_renewal", "notify_service_renewal_due"),),
    e.RenewalDenied:        (_tell("renewal_denied"),),
    e.RenewalDenialWithdrawn: (),
    e.RenewalApproved:      (),
    e.RenewalNoted:         (),
    e.GraceExtended:        (),
    e.RenewalHeld:          (_tell("renewal_held"),),
    e.RenewalMailDue:       (Listener("send_renewal_reminder", "mail", outside=email.send_renewal_reminder),),
    e.ServiceSlaBreached:   (
        _tell("service_sla_breached", "alert_on_sla_breach"),
        Listener("recalculate_service_health", "default", handle=health.recalculate_service_health),
    ),
    e.ServiceSlaAtRisk:     (_tell("service_sla_at_risk"),),
    e.ServiceHealthDegraded: (_tell("service_health_degraded"),),
    e.BillingRunWaiting:    (_billing(billing.continue_billing_run),),
    e.BillingRunDecided:    (),
    e.ProvisioningFailed:   (_tell("provisioning_failed"),),
    e.ImportRequested:      (Listener(imports.TAKE_IN, "default", outside=imports.import_book),),
    e.SlaReportRequested:   (Listener(reports.MAKE, "reports", outside=reports.make_sla_report),),
    e.InvoiceMailQueued:    (Listener("mail_invoice", "mail", outside=invoices.mail_invoice),),
    e.InvoicePdfRequested:  (Listener("print_invoice", "reports", outside=invoices.print_invoice),),
    e.PaymentReminderDue:   (
        Listener("send_payment_reminder", "mail", outside=email.send_payment_reminder),
    ),
    e.StatementRequested:   (Listener("print_statement", "reports", outside=statements.print_statement),),
    e.DeliveryParked:       (
        _tell("delivery_parked"),
        Listener("give_up_sla_report", "default", handle=reports.give_up_sla_report),
        Listener("give_up_import", "default", handle=imports.give_up_import),
    ),
    e.PriceBatchPlanned:   (_work_through_prices,),
    e.PriceBatchWaiting:   (_work_through_prices,),
    e.BulkRequested:        (Listener("work_through_bulk", "default", handle=bulk.work_through_bulk),),
    e.PeriodicRunMissed:    (_tell("periodic_run_missed"),),
    e.BackupOverdue:        (_tell("backup_overdue"),),
    e.PeriodicRunFailed:    (_tell("periodic_run_failed"),),
    e.NoticeQueued:         (Listener("send_notice_email", "mail", outside=email.send_notice_email),),
    e.OneTimeLinkMade:      (Listener("send_one_time_link", "mail", outside=email.send_one_time_link),),
}  # fmt: skip
