"""Payments: money from a card into a wallet, what of it goes back, and the card itself.

It owns the tables `payments`, `reversals` and `webhook_events`, and the customer and card on an account's row. It
promises: a payment or refund is written before Stripe hears of it; a card is charged at most once for it; the wallet is
credited exactly as often as the card was charged, and debited for exactly what went back and never for more than was
paid, whoever learns of it first (the API's answer, a webhook, a refresh, the sweeper); and no news is lost.

`payment`, `refund`, `dispute` and `reversal` hold the rules (pure), the tables and gateways are the doors, and the
verbs are what is done. `stripe_door` is the one way to Stripe, and `stripe_meaning` says what its errors are about. It
decides no prices or limits (`catalog`) and never writes a balance itself (`ledger`). See docs/payments.md and
docs/refunds-and-disputes.md.
"""
