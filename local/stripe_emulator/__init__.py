"""A stateful emulator of Stripe's HTTP API. It runs as its own process and is used only over HTTP.

It owns everything that Stripe would own: customers, cards, intents, charges, refunds, disputes, connected accounts,
idempotency keys, events and their delivery. It promises that each call is atomic: its objects, its events and the saved
answer of its idempotency key are committed together, under one lock. An acknowledged call survives a kill when a state
file is given.

It refuses what Stripe refuses. It also refuses (code `emulator_unsupported`) what Stripe supports and the emulator does
not, so that nothing is accepted and ignored. The rest is in README.md.
"""
