"""Reversals: refunds and disputes, the money that goes back of a payment.

It owns the table `reversals`. It promises: a refund is written before Stripe hears of it; the wallet is debited for
exactly what went back, and never for more than was paid, in whatever order Stripe tells of it; and no news is lost.

`refund`, `dispute`, `reversal` and `objection` hold the rules (pure), `table` and `gateway` are the doors, and
`issue_refund`, `resolve`, `settle` and `stripe_events` are what is done. See docs/refunds-and-disputes.md.
"""
