"""Notices: telling the platform (events) and people (mails) what happened.

It owns the table `notices` (who gets which mails, and which mails went out), reads the streams of wallets, payments,
auto-pay, subscriptions, invoices and repeats, and puts an event on EventBridge for each change that somebody outside
may act on. A rule on the bus puts the ones that people must know of on the mails queue, so mails follow from the very
events that the platform sees.

It promises: no change is lost, for a stream waits until the bus has taken it; an event's id is made of the change
alone, so the same change published twice carries the same id; a mail goes out once for its cause, and one about a low
balance at most once a day; a record that cannot be read is parked where somebody sees it, and holds up nothing.

`detail`, `event`, `choice` and `notice` are rules (pure), `messages`, `mail` and `mail_body` make a mail of a
notice (pure), `bus`, `dead_letters`, `mailbox` and `table` are the doors, and `publish` and `send` are what is done. It
moves no money and changes no other domain's rows. See docs/events.md and docs/mails.md.
"""
