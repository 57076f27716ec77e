"""Cards: the customer at Stripe and the card on file, by account and Stripe account.

It promises: card numbers never reach this system; the newest change of a card wins, in whatever order changes arrive;
and a card that is taken off file is not charged any more. A `Payer` is an account with both, read together before a
charge. Charges are made by `payments`. See docs/payments.md.
"""
