"""Whom an account's mails are from, and which addresses they reach."""

from collections.abc import Sequence

import msgspec

from chalicelib.accounts import table as accounts
from chalicelib.log import log
from chalicelib.notices import mail_body, mailbox
from chalicelib.notices.choice import billing_contact
from chalicelib.notices.mail import Mail, one_line
from chalicelib.notices.mailbox import Letter
from chalicelib.notices.refusals import MailsOff
from chalicelib.settings import settings
from chalicelib.text import WrongText, ascii_email


class Sender(msgspec.Struct, frozen=True):
    """The name that a mail is sent under, its address, which SES has verified, and where replies go."""

    name: str
    address: str
    reply_to: str | None


def find_sender(workspace_id: str | None) -> Sender:
    """Return the sender of mails: to a client its workspace's name, where replies go; the operator for None.

    Raises MailsOff.
    """
    mail_from = settings().mail_from
    if not mail_from:
        raise MailsOff
    name, address = mailbox.sender_of(mail_from)
    if workspace_id is None:
        return Sender(one_line(name), address, None)
    workspace = accounts.get(workspace_id)
    answers = deliverable_addresses([billing_contact(workspace)], account_id=workspace.account_id)
    return Sender(one_line(workspace.name), address, answers[0] if answers else None)


def deliverable_addresses(addresses: Sequence[str], *, account_id: str) -> list[str]:
    """Return addresses in the form that SES accepts. An invalid one is logged and left out.

    It was stored before the rule that refuses such addresses.
    """
    found: list[str] = []
    for place, address in enumerate(addresses):
        try:
            found.append(ascii_email(address))
        except WrongText as wrong:
            log().error("no mail reaches an address", account_id=account_id, place=place, because=wrong.reason)
    return found


def letter_of(mail: Mail, sender: Sender, to: Sequence[str], notice_id: str) -> Letter:
    """Return a mail as a letter that can be sent."""
    return Letter(
        sender=sender.address,
        name=sender.name,
        reply_to=sender.reply_to,
        to=to,
        subject=mail.subject,
        text=mail_body.text_of(mail),
        html=mail_body.html_of(mail),
        notice_id=notice_id,
    )
