"""Stripe's API: the only code that knows the `stripe` library.

`client.ask` is the one way to Stripe. It turns each error into its meaning (`meanings`, pure: the one table), which is
raised as one of `errors`. `signature` checks a webhook (pure), and `deployment` tells whose object it is where several
deployments share a Stripe account. What is asked for stands in the gateways of the rooms above.
"""
