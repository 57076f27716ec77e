"""Subscriptions: a plan with its add-ons, charged to the card for each period.

It owns the table `subscriptions` and the renewals queue, and promises: each period is charged once and none is skipped,
however often, how late or how much at the same time anything runs; a change is either not made or made and paid for,
for what it brings is applied, and its invoice issued, by the very write that records the success of its payment; the
lines of a payment and the tax that is added to them are what the card was charged, and what is too small for a card is
carried to the next charge, never lost or made.

`follow` is all that ever moves a subscription on by itself: it looks at one as it is now, accounts for the payment that
it waits for, and takes the next step. A queue, a stream, a schedule, a person only say which one to look at.

`subscription`, `period`, `proration`, `price`, `trial`, `difference`, `payable`, `held`, `dunning` and `progress` are
rules (pure); `table` and `queue` are the doors; the verbs are what is done. It charges no card itself (`payments`,
through the charges queue of `auto_pay`) and draws no PDF (`invoices`). See docs/subscriptions.md.
"""
