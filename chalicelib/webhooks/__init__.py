"""Webhooks: what Stripe tells us.

It owns the table `webhook_events`. It promises: an event is verified before it is read, stored once before it is
processed, and processed with the same effect however often it comes; one that could not be processed is parked and
answered 503, so that Stripe sends it again. What an object means is known by its own room (`payments`, `cards`,
`reversals`), to which it is handed over. See docs/payments.md.
"""
