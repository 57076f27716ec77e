"""The audit of repeats: usage that was charged again, because its producer sent it again with another time.

The ledger identifies an event by account, source, id and time, so a retry with a new time is another event. Each night
the audit opens each new page once and compares its events with the 35 days before and after. Of the events with the
same source and id, the earliest counts, even if it was posted later; each later one is a repeat: it is stored in the
table `repeats`, published to EventBridge, and given back if the catalog says so.

It owns the tables `audits` (how far each account and day was audited) and `repeats`, and the bucket of day files. It
promises that each repeat is found, published and given back once, even if it runs again or is interrupted. Nothing
else reads its tables. See docs/decisions/0007-audit-of-repeats.md.
"""
