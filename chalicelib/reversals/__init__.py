"""Reversals: refunds and disputes of payments.

It owns the table `reversals`. It promises: a refund is stored before it is sent to Stripe; the wallet is debited for
exactly what went back, and never for more than was paid, in whatever order Stripe reports it.

`refund`, `dispute`, `reversal`, `due` and `objection` hold the rules (pure), `table` and `gateway` are the doors, and
`issue_refund`, `resolve`, `settle` and `stripe_events` are the operations. See docs/refunds-and-disputes.md.
"""
