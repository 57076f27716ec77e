"""What Chalice packages: the API, and each other function by its name and the kind of its event source. Wiring only.

All other settings of a function, its entry point included, are in `infrastructure/functions.toml` and override
Chalice's own. Lambda does not import this module.
"""

from typing import Final

from chalicelib import api
from chalicelib.allowances.handlers import end_allowances
from chalicelib.audit.handlers import audit_usage
from chalicelib.auto_pay.handlers import charge_payments, refill_wallets, retry_refills
from chalicelib.checks.handlers import reconcile_payments, verify_wallets
from chalicelib.invoices.handlers import issue_credit_notes, issue_invoices, make_bundles
from chalicelib.moves.handlers import settle_moves
from chalicelib.notices.handlers import (
    announce_auto_pay,
    announce_budgets,
    announce_findings,
    announce_invoices,
    announce_payments,
    announce_repeats,
    announce_subscriptions,
    announce_wallets,
    send_mails,
    warn_of_expiring_cards,
)
from chalicelib.portal.handlers import log_changes
from chalicelib.recovery.handlers import follow_up_payments, sweep_payments
from chalicelib.subscriptions.handlers import (
    find_renewals,
    follow_cards,
    follow_connections,
    follow_payments,
    renew_subscriptions,
)
from chalicelib.usage.handlers import record_usage

FROM_QUEUES: Final = (
    record_usage,
    charge_payments,
    renew_subscriptions,
    issue_invoices,
    make_bundles,
    send_mails,
)
FROM_STREAMS: Final = (
    refill_wallets,
    follow_payments,
    follow_cards,
    follow_connections,
    issue_credit_notes,
    announce_wallets,
    announce_budgets,
    announce_payments,
    announce_auto_pay,
    announce_subscriptions,
    announce_invoices,
    announce_repeats,
    announce_findings,
    log_changes,
)
BY_SCHEDULE: Final = (
    audit_usage,
    verify_wallets,
    reconcile_payments,
    end_allowances,
    settle_moves,
    retry_refills,
    find_renewals,
    sweep_payments,
    follow_up_payments,
    warn_of_expiring_cards,
)
ELSEWHERE: Final = "functions.toml"
"""A placeholder for each event source: the template names the real one."""

app = api.app
for function in FROM_QUEUES:
    app.on_sqs_message(queue=ELSEWHERE, name=function.__name__)(function)
for function in FROM_STREAMS:
    app.on_dynamodb_record(stream_arn=ELSEWHERE, name=function.__name__)(function)
for function in BY_SCHEDULE:
    app.schedule(ELSEWHERE, name=function.__name__)(function)
