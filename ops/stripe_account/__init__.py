"""`ops stripe`: what this deployment needs at Stripe, made by code and compared again.

`endpoints` and `account` are rules over what was read; `gateway` is the door to Stripe, `secret_store` the one to
the secret. `setup` is safe to repeat and to cut off anywhere; `check` only reads. docs/operating/stripe.md is the walk.
"""
