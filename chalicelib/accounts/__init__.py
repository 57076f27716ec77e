"""Accounts: who pays, and who may ask.

It owns the table `accounts` (a workspace or a client with its settings and card on file) and makes the wallet together
with the account. It promises that kind, workspace and currency never change; that a caller sees an account only with a
token for it, for its workspace, or for the operator (anyone else is told that there is none); and that `access` answers
from at most two reads.

It does not change a balance (`ledger`) or talk to Stripe (`payments`).
"""
