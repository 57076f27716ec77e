"""After a table was lost or damaged: rows come back from a restored copy, and what is derived from the ledger anew.

`rows` copies what is missing from a table that DynamoDB restored beside the live one; `wallets` rebuilds wallets from
their pages; `credits` posts again what payments, refunds and disputes say. All can be repeated, and write only with
`--write`. docs/operating/restore.md says in which order.
"""
