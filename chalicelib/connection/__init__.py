"""Connection: whose Stripe account a payment goes through.

Today it is the platform's own for every account. What is below (`stripe_api`) takes the answer with each call, and what
is above (`cards`, `payments`) asks here and nowhere else.
"""
