"""What each type of event means, in a sentence for docs/events.md. Pure."""

from typing import Final

MEANINGS: Final = {
    "wallet.low": (
        "The balance fell below the account's threshold: auto-pay's if that is on, else the chosen one, else the "
        "catalog's."
    ),
    "wallet.exhausted": "The balance fell to its floor or below it: access is denied.",
    "wallet.restored": "The balance rose above its floor or its threshold; `level` says which. From `exhausted` to "
    "either of the others, access is allowed again.",
    "budget.reached": "50, 75 or 100 % of a budget is spent. With `closes`, access is closed; else nothing is stopped.",
    "payment.succeeded": "The money has moved: it is in the wallet, or has paid for the subscription.",
    "payment.failed": "The card was declined, or the payment failed otherwise. Very rarely it still succeeds.",
    "payment.canceled": "Nothing will be charged: it was not verified in time, or was canceled at Stripe.",
    "payment.requires_action": "The customer's bank asks for authentication, in the portal.",
    "payment.disputed": "The customer's bank asks about a payment or takes it back, or has decided: see `status`.",
    "auto_pay.suspended": "Auto-pay stopped after declines, or at once if the bank asks for authentication.",
    "auto_pay.limit_near": "Auto-pay has charged 80 % of its monthly limit.",
    "auto_pay.limit_reached": "Auto-pay has charged all of its monthly limit, or made no refill because it would "
    "exceed the limit. It goes on in the next month, or with a higher limit.",
    "card.expiring": "The default or the backup expires in 30 days, or in 7, and was not renewed at Stripe.",
    "subscription.renewed": "The next period has begun, paid or for nothing; after a trial, the first one.",
    "subscription.renewal_upcoming": "A yearly subscription is charged again in 30 days, at `period_end`, or in fewer; "
    "with a pause, at its `until`.",
    "subscription.trial_ending": "A trial ends in 3 days, at `period_end`, or in fewer. Then a period is charged.",
    "subscription.paused": "The paid period is over, and a pause has begun: plan and add-ons are off, and nothing is "
    "charged.",
    "subscription.resumed": "The pause is over, on its day or before: plan and add-ons are on again. It is followed by "
    "`subscription.renewed`, or by `subscription.past_due` if the next period could not be charged.",
    "subscription.past_due": "The next period could not be charged and is owed. Access stays open for now.",
    "subscription.unpaid": "The last attempt failed: access is denied from `access_until` on, unless it is paid.",
    "subscription.canceled": "It has ended: canceled by its owner, or unpaid where the catalog ends it so.",
    "invoice.issued": "An invoice or a credit note was issued.",
    "usage.repeated": "The nightly audit found a usage event that was charged before, with another time.",
    "difference.found": "A check found that a wallet does not add up, or that Stripe, our rows and the ledger differ.",
    "difference.resolved": "A later check found that what differed agrees.",
}
