"""Rights that are granted although the tests' functions may never call them, each with the reason.

Each of these paths was read in the code. Some depend on what happens at the same time, so a run may or may not take
them: an exception that was called is no mistake. One that is no longer granted is.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from tests.rights.right import Right

Rows = Mapping[tuple[str, str], tuple[str, ...]]
"""Action and resource, with the functions."""

POSTERS: Final = ("charge_payments", "sweep_payments", "end_allowances", "settle_moves", "record_usage")
ISSUERS: Final = (
    "follow_cards",
    "follow_payments",
    "follow_up_payments",
    "issue_credit_notes",
    "issue_invoices",
    "make_bundles",
    "renew_subscriptions",
)

REASONS: Final[Mapping[str, Rows]] = {
    "a posting that is older than the pages which the wallet's row names, or as old as one of them": {
        ("dynamodb:Query", "TransactionsTable"): POSTERS,
        ("dynamodb:BatchGetItem", "TransactionsTable"): (*POSTERS, "audit_usage"),
    },
    "the catalog's seller has a logo, which is stored when a document names it": {
        ("s3:PutObject", "InvoicesBucket/logos/*"): ISSUERS,
        ("s3:GetObject", "InvoicesBucket/logos/*"): ("make_bundles",),
    },
    "Stripe refuses a connected account in the middle of a payment: its access is lost": {
        ("dynamodb:GetItem", "ConnectionsTable"): ("charge_payments",),
        ("dynamodb:PutItem", "ConnectionsTable"): ("charge_payments", "sweep_payments", "renew_subscriptions"),
        ("dynamodb:UpdateItem", "ConnectionsTable"): ("charge_payments", "sweep_payments", "renew_subscriptions"),
    },
    "the card of a payment that was never sent was removed meanwhile": {
        ("dynamodb:GetItem", "CardsTable"): ("charge_payments",),
    },
    "a client, which pays on its workspace's Stripe account and with its workspace's taxes": {
        ("dynamodb:BatchGetItem", "ConnectionsTable"): (
            "follow_up_payments",
            "sweep_payments",
            "send_mails",
            "warn_of_expiring_cards",
        ),
        ("dynamodb:GetItem", "TaxesTable"): ("follow_up_payments", "refill_wallets", "send_mails"),
    },
    "an account that cannot be evaluated now is marked as due": {
        ("dynamodb:UpdateItem", "AutoPayTable"): ("follow_cards", "follow_payments"),
    },
    "an owed period turns out to be paid when a new card comes": {
        ("dynamodb:GetItem", "AccountsTable"): ("follow_cards",),
        ("dynamodb:UpdateItem", "AccountsTable"): ("follow_cards", "follow_up_payments"),
        ("dynamodb:UpdateItem", "PaymentsTable"): ("follow_cards",),
        ("dynamodb:BatchGetItem", "InvoicesTable"): ("follow_cards",),
        ("dynamodb:PutItem", "InvoicesTable"): ("follow_cards",),
        ("dynamodb:UpdateItem", "InvoicesTable"): ("follow_cards",),
    },
    "auto-pay is evaluated, and makes a refill": {
        ("dynamodb:PutItem", "PaymentsTable"): ("follow_up_payments",),
    },
    "the payment in flight is no longer among the unresolved ones": {
        ("dynamodb:GetItem", "PaymentsTable"): ("refill_wallets", "retry_refills"),
    },
    "an invoice or a credit note that is missing is issued before the year is bundled": {
        ("dynamodb:GetItem", "PaymentsTable"): ("make_bundles",),
        ("dynamodb:Query", "ReversalsTable"): ("make_bundles",),
    },
    "another function was faster: with the month's allowance, with the wallet, with the repeat": {
        ("dynamodb:GetItem", "AllowancesTable"): ("record_usage",),
        ("dynamodb:GetItem", "WalletsTable"): ("record_usage",),
        ("dynamodb:GetItem", "RepeatsTable"): ("audit_usage",),
    },
    "a year has more documents than are bundled with the request": {
        ("sqs:SendMessage", "BundlesQueue"): ("api",),
    },
    "an allowance ends with the move of its client": {
        ("dynamodb:Query", "DailyUsageTable"): ("settle_moves",),
        ("dynamodb:UpdateItem", "AllowancesTable"): ("settle_moves",),
    },
    "a webhook about a card is finished, whose function died": {
        ("dynamodb:UpdateItem", "CardsTable"): ("sweep_payments",),
    },
    "it asks Stripe about a card; where that is tested, the process knows the keys already": {
        ("secretsmanager:GetSecretValue", "Secret"): ("retry_refills",),
    },
}


def _never_called() -> Iterator[tuple[Right, str]]:
    for reason, rows in REASONS.items():
        for (action, resource), functions in rows.items():
            for function in functions:
                yield Right(function, action, resource), reason


NEVER_CALLED: Final[Mapping[Right, str]] = dict(_never_called())
