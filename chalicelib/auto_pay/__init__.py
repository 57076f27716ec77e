"""Auto-pay: refill a wallet automatically when its balance falls below a threshold.

It owns the table `auto_pay` and promises: at most one refill is in flight per account, even if messages are delivered
twice, late or concurrently; one charge closes the whole gap, within the limits; the monthly limit is never exceeded; a
declined card is retried after the waits that the catalog lists, and finally not at all until a person acts; what was
refunded or is disputed is not charged again automatically; a refill that is no longer wanted when it is about to be
sent is not charged; and whenever nothing is charged although the balance is low, there is a machine-readable reason.

All of this is done by `evaluate_account`: it reads the account's current state, decides, and writes the result. A
trigger (a balance that changed, a payment that ended, another card, a due time, a person) only says which account to
evaluate. So triggers may be delivered twice, late or in any order, or get lost.

Rules (pure):
- `auto_pay`: the settings and the state of one account.
- `decision`: charge now, and how much, or the reason for charging nothing.
- `monthly_limit`: how much of the monthly limit is charged.
- `payment_outcomes`: how a payment that ended, or another card, changes the state: failures, back-off, suspension.
- `reversal_outcomes`: how refunds and disputes change the state.
- `outdated_refill`: whether a refill that was decided earlier may still be sent.

Actions:
- `evaluate`: evaluate one account; all steps of a refill, from top to bottom.
- `evaluate_due`: evaluate the accounts that are due, every minute.
- `evaluate_changed`: evaluate the accounts that stream records are about.
- `send_refill`: send one refill to Stripe, if it is still wanted.
- `change_settings`: switch auto-pay on or off, or change its amounts.

`table` is the door to DynamoDB, `routes` is HTTP, `view` the shape of an answer. Cards are charged by `payments`; the
limits are in `catalog`. See docs/auto-pay.md.
"""
