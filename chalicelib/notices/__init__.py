"""Notices: events that inform the platform, and mails that inform people.

It owns the table `notices` (who gets which mails, and which mails were sent), reads the streams of wallets, payments,
auto-pay, subscriptions, invoices and repeats, and publishes an event to EventBridge for each change that a consumer may
act on, and for each card that is about to expire. A rule on the bus copies the events that may trigger a mail to the
mails queue, so mails are based on the same events that the platform receives.

It promises: no change is lost, because a stream waits until the bus has accepted it; an event's id is derived from the
change alone, so a change that is published twice has the same id; a mail is sent once for its cause (twice only if the
function dies right after sending it), and a mail about a low balance at most once a day; a record that cannot be read
is parked, with an alarm, and does not block others.

`detail`, `event`, `choice`, `notice`, `warning` and `rules` are rules (pure), `messages`, `warning_messages`, `mail`
and `mail_body` make a mail from a notice (pure), `bus`, `dead_letters`, `mailbox` and `table` are the doors, and
`publish`, `publish_expiring`, `send`, `send_invitation` and `send_document` are the operations; the last two send the
mails without an event, which somebody asks for. It moves no money and changes no other package's rows. See
docs/events.md and docs/mails.md.
"""
