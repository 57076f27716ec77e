"""Budgets: limits on what an account's usage may cost in a day or a month, for all of it or for one meter.

It owns the table `budgets` and promises: what counts is what the ledger debited from the account's wallet for usage, to
the micro, so a client's budget counts its own usage, and a workspace's counts also what it pays for its clients; each
threshold is told once in a period for each limit, however often it is evaluated; and a budget that closes is closed
exactly while the spending of the period is at its limit or above, without any schedule.

It stops nothing by itself. Access (`access`) says no for a budget that closes, and the platform is to ask before usage
begins; usage that arrives all the same is recorded and charged (`usage`).

`budget`, `spending` and `thresholds` are rules (pure), `table` is the door, and `change_budget`, `delete_budget` and
`evaluate` are the operations. See docs/budgets.md.
"""
