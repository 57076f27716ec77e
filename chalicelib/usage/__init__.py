"""Usage: what producers send, what it costs, and how it gets into the ledger.

It owns no table: events come in by its queue and go out to the ledger. It promises that each event counts by itself:
what can be posted is posted, whatever is beside it in a message, and what cannot goes back to the queue or to the
dead-letter queue, with its reason logged. An event is a fact: it is posted even below a balance of zero.

It does not decide whether usage is allowed beforehand (`accounts.access`).
"""
