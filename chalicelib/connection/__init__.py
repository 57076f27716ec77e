"""Connection: the Stripe account that a workspace connects, and through whose account an account pays.

It owns the table `connections`. It promises: a workspace pays on the platform's own Stripe account, a client on that of
its workspace's working connection or not at all; a Stripe account belongs to at most one workspace at a time; and
nothing is ever deleted at Stripe or here: a workspace breaks its connection and connects again, at will.

`connection`, `browser`, `disabled_reasons` and `refusals` hold the rules (pure), `state` signs what comes back from
Stripe, `table` and `gateway` are the doors. `start_connection`, `finish_connection`, `check_connection` and
`break_connection` are what is done; `stripe_events` does what Stripe tells; `works_again` says when what has waited for
a connection goes on. `cards` calls `connection_of` when it loads a payer. Each customer, card and payment has its
Stripe account on its row, and stays there whatever the connection is later. See docs/connection.md.
"""
