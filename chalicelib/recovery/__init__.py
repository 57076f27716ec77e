"""Recovery: finishes payments after a message was lost or a function died.

It owns no data. `sweep` asks Stripe about what is not final. `follow_up` repeats what other packages do after a payment
has succeeded or changed. Both find what is due in an index, call the same functions as the normal path, and are safe to
repeat.
"""
