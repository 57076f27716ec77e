"""Cards: the customer at Stripe and the cards on file, by account and Stripe account.

Of several cards one is the default, which pays for everything, and one may be the backup. It promises: card numbers
never reach this system; the newest change of the default wins, in whatever order changes arrive; and a card that is
taken off file is not charged any more. A `Payer` is an account with both, read together before a charge. Charges
are made by `payments`. See docs/payments.md.
"""
