"""Subscriptions: a plan with its add-ons, charged to the card for each period in advance.

It owns the table `subscriptions` and the renewals queue, and promises: each period is charged once and none is skipped,
however often, late or concurrently anything runs; a change is either made and paid, or not made at all, because the
write that notes the success of its payment also applies it and issues its invoice; the lines of a payment, plus the
tax that is added to them, are what the card was charged; what is too little for a card is carried to the next charge.

`advance_subscription` does the renewals: it reads the current subscription, applies the result of the payment that it
waits for, and takes the next step. A queue, a stream, a schedule or a person only says which subscription to advance.

Values and rules (pure):
- `subscription`: what an account holds, for which period, and which payment is pending.
- `period`: the dates of periods, counted from the anchor. `proration`: the price of a part of a period.
- `price`: prices, lines, and how much of a sum a card is charged. `trial`: what is free in a trial.
- `cancellation`: why it was canceled. `pause`: when a pause begins and ends. `check_pause`: whether it may be paused.
- `request`: the body of a change. `check_change`: whether it may be made now. `change_effect`: what takes effect now,
  and what at the period's end. `check_renewal`: whether the renewals after it can be charged.
- `renewal`: the next period, what it costs, and what to do about it now.
- `reminder`: the reminders before a yearly renewal and before a trial ends.
- `payment_outcomes`: how a payment that ended changes a subscription.
- `dunning`: retries and their days, grace, and the end of a subscription that is not paid.
- `renewal_hold`: renewals that wait until the operator has corrected the catalog, or a connection works again.

Actions:
- `advance`: all steps of a renewal, from top to bottom. `renew`: queue what is due, and advance it from the queue.
- `change`: begin or change a subscription, or preview that. `cancel`: cancel it. `schedule_pause`: pause it.
- `resume`: take a cancellation or a pause back, or end a pause now. `write_once`: write what charges nothing.
- `pay_past_due`: pay an owed period by hand. `withdraw_pending`: withdraw a change that waits for 3-D Secure.
- `charge_now`: charge a customer who is present. `make_payment`: the payment of a period or a change.
- `disputed_card`: whether a dispute keeps the card from being charged.
- `decide_late_payment`: apply, refund or park a payment that succeeded after it had been given up.
- `check_closed_payment`: ask Stripe how a payment ended that was closed at a break of the connection.
- `note_add_ons_in_use`: note how many of each add-on are in use.
- `advance_changed`: advance the subscriptions that stream records are about.
- `follow_connections`: queue the clients of a workspace whose connection works again.

`table` and `queue` are the doors, `routes` and `stop_routes` are HTTP, `view` and `renewal_view` the shape of an
answer. Cards are charged by `payments`, and PDFs are drawn by `invoices`. See docs/subscriptions.md.
"""
