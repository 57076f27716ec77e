"""Moves: a client goes from one workspace to another, asked for by the one and accepted by the other.

It owns the table `moves`: the latest request about each client. It promises: a client moves as a whole or not at all;
every usage event is charged once, to the workspace that the client had at the event's time; if both agreed to settle,
the balance is settled once. All of it can be repeated and cut off anywhere.

It moves no money at Stripe: what the former workspace was paid, it keeps.
"""
