"""Recovery: what finishes payments when a message was lost or a function died.

It owns nothing. `sweep` asks Stripe about what is not final, and `follow_up` sees that every room has heard of a
payment that has succeeded or changed. Both do what the usual way would have done, by indexes of what is due, so each
is safe to repeat. They stand above the rooms whose work they finish.
"""
