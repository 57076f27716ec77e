"""Send the mails that events trigger, each once, to the recipients that the account chose."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.accounts.tax import tax_of
from chalicelib.auto_pay import table as auto_pay
from chalicelib.batches import each_message
from chalicelib.budgets import table as budgets
from chalicelib.cards.table import find_payer
from chalicelib.catalog.catalog import Catalog
from chalicelib.i18n.words import Words
from chalicelib.ledger.table import read_wallet
from chalicelib.log import log
from chalicelib.notices import mailbox, table
from chalicelib.notices.choice import Choice, sent_to
from chalicelib.notices.detail import DETAILS, Budget, Detail, Dispute, ExpiringCard, Payment, Subscription
from chalicelib.notices.mail import compose
from chalicelib.notices.mailbox import Letter, MailNotSent
from chalicelib.notices.notice import CurrentState, Notice
from chalicelib.notices.publish import thresholds_of
from chalicelib.notices.rules import RULES
from chalicelib.notices.sender import Sender, deliverable_addresses, find_sender, letter_of
from chalicelib.payments import table as payments
from chalicelib.pricing.table import pays_itself
from chalicelib.reversals import table as reversals
from chalicelib.settings import settings
from chalicelib.subscriptions import table as subscriptions
from chalicelib.subscriptions.reminder import upcoming_charge
from chalicelib.typed import json_decoder


class MailBusy(Exception):
    """Another function is sending the same mail; its outcome is not known yet."""


class Envelope(msgspec.Struct, frozen=True, rename={"type": "detail-type"}):
    """An event as the bus delivers it."""

    type: str
    detail: msgspec.Raw


def send(records: Sequence[Mapping[str, Any]], catalog: Catalog) -> list[str]:
    """Send the mails of the events in SQS records; return the ids of the messages that must be delivered again."""
    return each_message(records, lambda record: send_one(record["body"], catalog), message="a mail was not sent")


def send_one(body: str, catalog: Catalog) -> None:
    """Send the mail that one event triggers, if any. Raises MailNotSent, MailBusy, MailsOff, AccountNotFound."""
    envelope = json_decoder(Envelope).decode(body)
    event: Detail = json_decoder(DETAILS[envelope.type]).decode(envelope.detail)
    account = accounts.get(event.account_id)
    if account.forgotten_at_ms:
        return
    choice = table.choice_of(account.account_id)
    current = load_current_state(account, event, choice, catalog)
    notice = RULES[envelope.type](event, current)
    if notice is None or not choice.wants(notice.kind):
        log().info("an event triggers no mail", event_id=event.id, kind=notice.kind if notice else None)
        return
    to = deliverable_addresses(sent_to(account, choice), account_id=account.account_id)
    if not to:
        raise MailNotSent(f"no mail reaches any address of {account.account_id}; mend them, and send it again")
    seller_id = current.payment.seller_id(account) if current.payment else account.workspace_id
    letter = write_letter(notice, account, to, find_sender(seller_id))
    # The mail is claimed first and noted afterwards. If the function is cut off in between, the mail is sent again
    # when the claim has expired: it may be sent twice, but it is not lost.
    state = table.claim(account.account_id, notice.mark, event.id)
    if state == "busy":
        raise MailBusy(f"{notice.mark} of {account.account_id} is being sent")
    if state == "claimed":
        message_id = mailbox.send(letter)
        table.note_sent(account.account_id, notice.mark, message_id)
        log().info("mail sent", kind=notice.kind, account_id=account.account_id, event_id=event.id, ses_id=message_id)


def load_current_state(account: Account, event: Detail, choice: Choice, catalog: Catalog) -> CurrentState:
    """Read the current state of what an event is about."""
    auto_pay_row = auto_pay.find(account.account_id)
    needs_payer = isinstance(event, Subscription | ExpiringCard)
    subscription = subscriptions.find(account.account_id) if needs_payer else None
    payment = payments.find(account.account_id, event.payment_id) if isinstance(event, Payment | Dispute) else None
    return CurrentState(
        wallet=read_wallet(account.account_id),
        thresholds=thresholds_of(account.currency, auto_pay_row, choice, catalog),
        now_ms=clock.now_ms(),
        auto_pay=auto_pay_row,
        payment=payment,
        disputes=reversals.read(payment).disputes if payment and isinstance(event, Dispute) else (),
        subscription=subscription,
        upcoming=upcoming_charge(subscription, catalog, tax_of(account, catalog)) if subscription else None,
        payer=find_payer(account.account_id) if needs_payer else None,
        budget=budgets.find(account.account_id).find(event.budget_id) if isinstance(event, Budget) else None,
        pays_itself=not isinstance(event, Budget)
        or pays_itself(account.account_id, account.workspace_id, clock.now_ms()),
        meter_name=_meter_name(event.meter, catalog) if isinstance(event, Budget) and event.meter else None,
    )


def _meter_name(meter: str, catalog: Catalog) -> str:
    """Return a meter's name; its key if it is not in the catalog any more."""
    return catalog.meters[meter].name if meter in catalog.meters else meter


def write_letter(notice: Notice, account: Account, to: Sequence[str], sender: Sender) -> Letter:
    """Write a notice as a letter. A payment's is from the workspace that was paid, another from that of today."""
    mail = compose(notice, account, Words("mails", account.locale), brand=sender.name, portal_url=settings().portal_url)
    return letter_of(mail, sender, to, f"{account.account_id}/{notice.mark}")
