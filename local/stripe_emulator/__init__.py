"""A stateful stand-in for Stripe's HTTP API, run as its own process and spoken to only over HTTP.

It owns everything that Stripe would own: customers, cards, intents, charges, refunds, disputes, connected accounts,
idempotency keys, events and their delivery. It promises that what one call does, it does whole or not at all: the
objects, the events and the saved answer of an idempotency key are committed together, under one lock, and an
acknowledged call survives a kill when a state file is given.

It refuses what Stripe refuses, and it refuses (code `emulator_unsupported`) what Stripe can do and it cannot, so that
nothing passes here by being ignored. The rest is in README.md.
"""
