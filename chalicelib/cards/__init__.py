"""Cards: the customer at Stripe and the card on file.

It promises: card numbers never come here; the newest change of a card wins, in whatever order changes arrive; and a
card that is taken off file is charged no more. `card_setup` holds values, `gateway` is the door to Stripe, and
`card_on_file` is what is done. It charges nothing (`payments`). See docs/payments.md.
"""
