"""Send an invoice or a credit note to an address by mail, once for each Idempotency-Key."""

from typing import Final

from msgspec.structs import replace

from chalicelib import clock, idempotency
from chalicelib.accounts.permission import Permission
from chalicelib.backoff import attempts
from chalicelib.i18n.words import Words
from chalicelib.idempotency import Key
from chalicelib.invoices import mailing_table as table
from chalicelib.invoices.download import read_pdf
from chalicelib.invoices.invoice import Invoice
from chalicelib.invoices.mailing import Mailing, MailingsBusy, MailingUnconfirmed, SendRequest
from chalicelib.log import log
from chalicelib.notices import mailbox
from chalicelib.notices.mail import compose_document
from chalicelib.notices.mailbox import Attachment, Letter, MailNotSent
from chalicelib.notices.sender import find_sender, letter_of
from chalicelib.payments import table as payments
from chalicelib.text import ascii_email

OPERATION: Final = "document_mail"
PREFIX: Final = "mail_"
ATTEMPTS: Final = 8

LOOKS: Final = 40
"""How often a mailing that another request is sending is looked at: for ten seconds or so."""

SENDING_MS: Final = 20_000
"""How long after its writing a mailing may still be being sent."""


def send_document(allowed: Permission, invoice: Invoice, request: SendRequest, *, key: Key) -> Mailing:
    """Mail a document to an address, from whoever sold it; a key sends it at most once.

    The mailing is written before the mail is sent. Whoever finds it waits for its confirmation. Without one, after a
    cut or a lost answer, it is not sent again: the mail may have arrived. Raises MailsOff, TooManyMailings,
    MailingsBusy, MailingUnconfirmed, IdempotencyConflict, AnsweredBeforeError.
    """
    account_id, to = invoice.account_id, ascii_email(request.to)
    seller_id = payments.get(account_id, invoice.payment_id).seller_id(allowed.account)
    sender = find_sender(seller_id)
    content = {"number": invoice.number, "to": to}
    claim = idempotency.claim(account_id, key, operation=OPERATION, content=content, prefix=PREFIX)
    wanted = Mailing(
        account_id=account_id,
        sequence=invoice.sequence,
        mailing_id=claim.resource_id,
        number=invoice.number,
        to=to,
        actor=allowed.actor,
        created_at_ms=clock.now_ms(),
    )
    pdf = Attachment(f"{invoice.number}.pdf", "application/pdf", read_pdf(invoice))
    mail = compose_document(invoice, allowed.account, Words("mails", allowed.account.locale), brand=sender.name)
    letter = letter_of(mail, sender, [to], f"{account_id}/{claim.resource_id}")
    found, is_new = _put(wanted)
    if is_new:
        return _send(found, replace(letter, attachments=[pdf]))
    return _wait_for(found)


def _put(wanted: Mailing) -> tuple[Mailing, bool]:
    """Write a mailing unless it is there; return the one that is there, and whether it is new."""
    for _ in attempts(ATTEMPTS):
        found = table.find(wanted.account_id, wanted.sequence, wanted.mailing_id)
        if found:
            return found, False
        if table.add(wanted, table.recent(wanted.account_id).with_one_at(wanted.created_at_ms)):
            return wanted, True
    raise MailingsBusy(account_id=wanted.account_id)


def _wait_for(mailing: Mailing) -> Mailing:
    """Return a mailing that another request is sending, or has sent. Raises MailingUnconfirmed."""
    for _ in attempts(LOOKS):
        found = table.find(mailing.account_id, mailing.sequence, mailing.mailing_id) or mailing
        if found.sent_at_ms is not None:
            return found
        if found.unconfirmed_at_ms is not None or clock.now_ms() - found.created_at_ms > SENDING_MS:
            break
    raise MailingUnconfirmed


def _send(mailing: Mailing, letter: Letter) -> Mailing:
    about = {"account_id": mailing.account_id, "number": mailing.number, "mailing_id": mailing.mailing_id}
    try:
        ses_id = mailbox.send(letter)
    except MailNotSent as error:
        log().exception("a document may not have been mailed", **about)
        table.note_unconfirmed(mailing, clock.now_ms())
        raise MailingUnconfirmed from error
    log().info("document mailed", ses_id=ses_id, **about)
    return table.note_sent(mailing, clock.now_ms())
