"""Payments: money from a card into a wallet, or for a subscription.

It owns the table `payments` and the charges queue. It promises: a payment is written before Stripe hears of it; a card
is charged at most once for it; and the wallet is credited exactly as often as the card was charged, whoever learns of
it first (the API's answer, a webhook, a refresh, the sweeper).

`payment`, `intent`, `due` and `new_payment` hold the rules (pure), `table`, `queue` and `gateway` are the doors, and
the verbs are what is done. It decides no prices or limits (`catalog`) and never writes a balance itself (`ledger`). See
docs/payments.md.
"""
