"""Connection: whose Stripe account an account's customer, card and payments are on.

Today it is the platform's own for every account, so nothing is stored. When the first account has another, this package
gets a table of connections: `connection_of` then reads it, and nothing else changes.

`cards` calls `connection_of` when it loads a payer, before a customer, a card or a payment is created. Each of those
has its Stripe account on its row, and stays there whatever the connection is later.
"""
