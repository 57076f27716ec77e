"""The ledger: the only code that changes a balance.

It owns the tables `wallets`, `transactions` and `daily_usage`. It promises that every event is posted exactly once,
even if it is delivered twice, out of order or concurrently with others, or if its posting is interrupted; that the
balance is always the sum of the transactions; and that nothing posted ever changes.

An event is identified by `(account, source, event id, time)`. `post` appends transactions as immutable, hash-chained
pages in one conditional write; `statement` reads them back newest first; `verify` proves an account's chain from its
start.

It does not decide whether usage is allowed (`accounts.access`) or what it costs (`pricing`), and does not call Stripe.
See docs/decisions/0001-ledger-by-pages.md.
"""
