"""Accounts: who pays, and who may do what.

It owns the tables `accounts` (a workspace or a client with its settings) and `taxes` (a workspace's own, on what it
sells to its clients), and creates the wallet together with the account. It promises that kind and currency never
change, that a client's workspace changes only by `moves`, and that a caller sees an account only with a token for it,
for its workspace, or for the operator (others get a 404).

It does not change a balance (`ledger`) and does not call Stripe.
"""
