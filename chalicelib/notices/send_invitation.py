"""Send the mail that invites a client's billing contact into the portal, in its workspace's name."""

from chalicelib.accounts.account import Account
from chalicelib.i18n.words import Words
from chalicelib.notices import mailbox
from chalicelib.notices.choice import billing_contact
from chalicelib.notices.mail import compose_invitation
from chalicelib.notices.refusals import AddressUnusable
from chalicelib.notices.sender import Sender, deliverable_addresses, letter_of


def address_of(account: Account) -> str:
    """Return where an account's invitation goes: to its billing contact. Raises AddressUnusable."""
    found = deliverable_addresses([billing_contact(account)], account_id=account.account_id)
    if not found:
        raise AddressUnusable(account.account_id)
    return found[0]


def send_invitation(account: Account, sender: Sender, *, to: str, link: str, until_ms: int, notice_id: str) -> str:
    """Send an invitation with its link, and return SES's message id. Raises MailNotSent."""
    words = Words("mails", account.locale)
    mail = compose_invitation(account, words, brand=sender.name, link=link, until_ms=until_ms)
    return mailbox.send(letter_of(mail, sender, [to], notice_id))
