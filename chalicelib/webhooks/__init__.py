"""Webhooks: the events that Stripe sends.

It owns the table `webhook_events`. It promises: an event is verified before it is read, stored once before it is
processed, and has the same effect however often it is sent; one that could not be processed is parked and answered 503,
so that Stripe sends it again. Each event is passed to the package that handles its object (`payments`, `cards`,
`reversals`). See docs/payments.md.
"""
