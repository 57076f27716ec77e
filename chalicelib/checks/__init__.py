"""The checks: wallets agree with their pages and with our rows, each night; all of it with Stripe, each day.

A check reads and compares; it repairs nothing. What it finds is a difference: it is stored, published once, and
resolved by the first later check that finds agreement. The package owns the tables `checks` (how far each account and
each Stripe account was checked) and `findings` (the differences). It promises that each run is bounded in time and goes
on where the last one ended, that an account that fails stops no other, and that runs may be repeated, cut off or run
side by side. See docs/operating/checks.md and docs/decisions/0046-checks-go-on-from-what-was-checked.md.
"""
