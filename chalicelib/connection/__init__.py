"""Connection: whose Stripe account an account's customer, card and payments are on.

Today it is the platform's own for every account, so there is nothing to store. The table of connections comes into this
room with the first account that has another: `connection_of` then reads it, and nothing else changes.

`cards` asks here when it loads who pays, which is where a customer, a card or a payment begins. What has begun has its
Stripe account on its row, and stays there whatever the connection is later.
"""
