"""Cards: the customer at Stripe and the card on file, by account and Stripe account.

It promises: card numbers never come here; the newest change of a card wins, in whatever order changes arrive; and a
card that is taken off file is charged no more. A `Payer` is an account with both, read together by whoever is about to
charge. It charges nothing (`payments`). See docs/payments.md.
"""
