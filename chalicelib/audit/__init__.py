"""The audit of repeats: usage that was charged again, because its producer sent it again with another time.

The ledger knows an event by account, source, id and time; a retry that carries the time of sending is another event to
it. Each night the audit opens the pages that are new, once each, and compares what they hold with the 35 days before
and after. Of the events with one source and id the earliest stays, whichever was posted first; each later one is a
*repeat*: it is kept in the table `repeats`, told to the platform, and given back where the catalog says so.

It owns the tables `audits` (how far each account and day was audited) and `repeats`, and the bucket of day files. It
promises that each repeat is found, told and given back once, however often it runs and wherever it is cut off. Nothing
else reads what it keeps. See docs/decisions/0007-audit-of-repeats.md.
"""
