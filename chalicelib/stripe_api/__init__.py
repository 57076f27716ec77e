"""Stripe's API: the only code that knows the `stripe` library.

Every request goes through `client.ask`. It maps each error to its meaning by the table in `meanings` (pure) and raises
one of `errors`. `attempt` says when a request may be sent again (pure), `signature` checks a webhook (pure), and
`deployment` says which deployment made an object, because several may share a Stripe account. The requests themselves
are in the gateways of the packages above.
"""
