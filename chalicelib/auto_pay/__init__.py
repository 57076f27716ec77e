"""Auto-pay: the rule that refills a wallet.

It owns the table `auto_pay` and the charges queue, and promises: one refill in flight for an account, whatever is
delivered twice, late or at the same time; one charge closes the whole gap; the monthly limit is never exceeded; a card
that declines is left alone for longer and longer, and in the end until a person acts; what was refunded or is disputed
is not charged again by itself, and what is not wanted any more when its turn comes is not charged at all; and wherever
nothing is charged although the balance is low, there is a reason that a program can read.

`consider` (in `refill`) is all that ever happens: it looks at an account as it is now, and moves it one step on. Every
trigger (a balance that moved, a payment that ended, another card, a time that has come, a person) only says which
account to look at. So no trigger needs to come once, in order or in time.

`auto_pay`, `follow`, `reversals`, `rule` and `outdated` are rules (pure), `table` and `queue` are the doors, and the
verbs are what is done. It charges no card itself (`payments`) and knows no prices or limits (`catalog`). See
docs/auto-pay.md.
"""
