"""Auto-pay: refill a wallet by itself when its balance falls below a threshold.

It owns the table `auto_pay` and promises: one refill in flight per account, whatever is delivered twice, late or at the
same time; one charge closes the whole gap; the monthly limit is never exceeded; a declined card is retried after longer
and longer waits, and in the end not at all until a person acts; what was refunded or is disputed is not charged again
by itself; a refill that is no longer wanted when it is about to be sent is not charged; and wherever nothing is charged
although the balance is low, there is a reason that a program can read.

All of it is `evaluate_account`: it reads an account as it is now, decides, and writes what follows. A trigger (a
balance that changed, a payment that ended, another card, a time that has come, a person) only says which account to
evaluate. So triggers may come twice, late, in any order, or get lost.

Rules (pure):
- `auto_pay`: the settings and the state of one account.
- `decision`: charge now, and how much, or the reason for charging nothing.
- `payment_outcomes`: what a payment that ended, or another card, does to the state: failures, back-off, suspension.
- `reversal_outcomes`: what refunds and disputes do to it.
- `outdated_refill`: whether a refill that was decided earlier may still be sent.

What is done:
- `evaluate`: how a refill goes, from top to bottom.
- `evaluate_due`: evaluate the accounts whose time has come; every minute.
- `evaluate_changed`: evaluate the accounts that stream records are about.
- `send_refill`: send one refill to Stripe, if it is still wanted.
- `change_settings`: switch auto-pay on or off, or change its amounts.

`table` is the door to DynamoDB, `routes` is HTTP, `view` the shape of an answer. Cards are charged by `payments`; the
limits are in `catalog`. See docs/auto-pay.md.
"""
