"""The ledger: the only code that changes a balance.

It owns the tables `wallets`, `transactions` and `daily_usage`, and promises: every entry is posted exactly once,
even if it is delivered twice, out of order, at the same time as others, or cut off half-way; the balance is always the
sum of the transactions; nothing posted ever changes.

An entry is identified by `(account, source, event id, time)`. `post` appends entries as immutable, hash-chained pages
in one conditional write; `statement` reads them back newest first; `verify` proves an account's chain from its start.

It does not decide whether usage is allowed (`accounts.access`) or what it costs (`pricing`), and does not call Stripe.
See docs/decisions/0001-ledger-by-pages.md.
"""
