"""Usage: what producers send, what it costs, and how it is posted to the ledger.

It owns no table: events arrive on its queue and are posted to the ledger. It promises that each event is handled
independently: one that can be posted is posted, whatever else is in its message; one that cannot goes back to the queue
or to the dead-letter queue, and the reason is logged. An event reports usage that happened, so it is posted even below
a balance of zero.

It does not decide whether usage is allowed beforehand (`accounts.access`).
"""
