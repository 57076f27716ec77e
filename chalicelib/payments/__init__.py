"""Payments: money from a card into a wallet, and the card itself.

It owns the tables `payments` and `webhook_events`, and the customer and card on an account's row. It promises: a
payment is written before Stripe hears of it; a card is charged at most once for it; the wallet is credited exactly as
often as the card was charged, whoever learns of it first (the API's answer, a webhook, a refresh, the sweeper); and no
news is lost.

`payment` holds the rules (pure), `table` and `stripe_gateway` are the doors, and the verbs are what is done. It decides
no prices or limits (`catalog`) and never writes a balance itself (`ledger`). See docs/payments.md.
"""
