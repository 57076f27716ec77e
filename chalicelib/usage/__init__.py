"""Usage: what producers send, what it costs, and how it gets into the ledger.

It owns no table: the events' queue is its door in, the ledger its way out. It promises that messages are answered for
one by one: what can be posted is posted whatever stands next to it, and what cannot goes back to the queue with its
reason logged, and from there to the dead-letter queue. An event is a fact: it is posted even below a balance of zero.

It does not decide whether usage is allowed beforehand (`accounts.access`).
"""
