"""Payments: money from a card into a wallet, or for a subscription.

It owns the table `payments` and the charges queue. It promises: a payment is written before Stripe hears of it; a card
is charged at most once for it; and the wallet is credited exactly as often as the card was charged, whoever learns of
it first (the API's answer, a webhook, a refresh, the sweeper).

`payment`, `lifecycle`, `intent`, `due` and `new_payment` hold the rules (pure); `lifecycle` is the state machine.
`table`, `queue` and `gateway` are the doors. `top_up`, `charge_queued`, `resolve` and `settle` are what is done. Prices
and limits are decided in `catalog`, and balances are written in `ledger` alone. See docs/payments.md.
"""
