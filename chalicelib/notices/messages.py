"""What mails say. Pure. `mail.compose` fills in the placeholders."""

from typing import Final

import msgspec

from chalicelib.i18n.texts import mark


class Message(msgspec.Struct, frozen=True):
    """The text of one mail. `action` is the label of the link to the portal."""

    subject: str
    paragraphs: list[str]
    action: str


GREETING: Final = mark("Hello,")
WHERE: Final = mark("You find all of this in Settings > Billing.")
"""Where to act, if there is no link."""

FOOTER: Final = (
    mark("You get this mail as a billing contact of %(account)s."),
    mark("Who gets which mails can be changed in Settings > Billing."),
)

LABELS: Final = {
    "account": mark("Account"),
    "amount": mark("Amount"),
    "balance": mark("Balance"),
    "card": mark("Card"),
    "date": mark("Date"),
    "next_attempt": mark("Next attempt"),
    "purpose": mark("For"),
    "reason": mark("Reason"),
    "reference": mark("Reference"),
    "until": mark("Access until"),
}
"""The labels of the facts below a text."""

MESSAGES: Final = {
    "low_balance": Message(
        subject=mark("Your balance is low: %(balance)s"),
        paragraphs=[
            mark("The balance of %(account)s has fallen to %(balance)s, which is below %(threshold)s."),
            mark(
                "Once it is used up, calls, messages and everything else that is paid from it stop. Please add balance "
                "in time, or switch on auto-pay to have it refilled by itself."
            ),
        ],
        action=mark("Add balance"),
    ),
    "low_balance_with_auto_pay": Message(
        subject=mark("Your balance is low: %(balance)s"),
        paragraphs=[
            mark(
                "The balance of %(account)s has fallen to %(balance)s, which is below %(threshold)s, and auto-pay has "
                "not refilled it. The billing page says why: often the card was declined, or the monthly limit is "
                "reached."
            ),
            mark(
                "Once it is used up, calls, messages and everything else that is paid from it stop. Please check "
                "auto-pay, or add balance by hand."
            ),
        ],
        action=mark("Check auto-pay"),
    ),
    "balance_exhausted": Message(
        subject=mark("Your balance is used up"),
        paragraphs=[
            mark("The balance of %(account)s is used up: it stands at %(balance)s."),
            mark(
                "Calls, messages and everything else that is paid from it have stopped. They go on as soon as you add "
                "balance."
            ),
        ],
        action=mark("Add balance"),
    ),
    "auto_pay_failed": Message(
        subject=mark("Auto-pay could not charge %(amount)s"),
        paragraphs=[
            mark(
                "Auto-pay tried to refill the balance of %(account)s with %(amount)s from %(card)s, but %(reason)s. "
                "Nothing was charged."
            ),
            mark(
                "We try again by ourselves within a day. If you expect that to fail as well, please put another card "
                "on file, or add balance by hand."
            ),
        ],
        action=mark("Check the card"),
    ),
    "suspended_declines": Message(
        subject=mark("Auto-pay is paused"),
        paragraphs=[
            mark(
                "Auto-pay for %(account)s is paused, because the card was declined several times in a row. Nothing "
                "more is charged by itself, and the balance of %(balance)s is no longer refilled."
            ),
            mark(
                "To go on, please put another card on file or switch auto-pay on again. You can also add balance by "
                "hand."
            ),
        ],
        action=mark("Fix auto-pay"),
    ),
    "suspended_card_unusable": Message(
        subject=mark("Auto-pay is paused"),
        paragraphs=[
            mark(
                "Auto-pay for %(account)s is paused, because the card on file can no longer be charged. Nothing was "
                "charged, and the balance of %(balance)s is no longer refilled."
            ),
            mark("To go on, please put a card on file again. You can also add balance by hand."),
        ],
        action=mark("Save a card"),
    ),
    "verification_payment": Message(
        subject=mark("Please confirm your payment of %(amount)s"),
        paragraphs=[
            mark(
                "Your bank wants you to confirm the payment of %(amount)s from %(card)s for %(account)s. Until then "
                "nothing is charged."
            ),
            mark(
                "Please open the billing page and confirm it there. A payment that is not confirmed within a day is "
                "canceled."
            ),
        ],
        action=mark("Confirm the payment"),
    ),
    "verification_auto_pay": Message(
        subject=mark("Please confirm with your bank to keep auto-pay running"),
        paragraphs=[
            mark(
                "Auto-pay for %(account)s is paused, because your bank wants to hear from you before it lets the card "
                "be charged again. Nothing was charged, and the balance of %(balance)s is no longer refilled."
            ),
            mark(
                "Please open the billing page, add balance once and confirm it with your bank; it takes a minute, and "
                "auto-pay goes on afterwards. Another card works as well."
            ),
        ],
        action=mark("Confirm with the bank"),
    ),
    "subscription_past_due": Message(
        subject=mark("Your subscription could not be renewed"),
        paragraphs=[
            mark(
                "The subscription of %(account)s could not be renewed: %(reason)s. Nothing was charged, and everything "
                "goes on for now."
            ),
            mark(
                "We try again by ourselves in the coming days. Should that fail as well, access closes a few days "
                "later. To be on the safe side, please put another card on file, which is charged at once, or pay by "
                "hand."
            ),
        ],
        action=mark("Pay or change the card"),
    ),
    "subscription_past_due_confirm": Message(
        subject=mark("Please confirm with your bank to keep your subscription"),
        paragraphs=[
            mark(
                "The subscription of %(account)s could not be renewed, because your bank wants to hear from you before "
                "it lets the card be charged. Nothing was charged, and everything goes on for now."
            ),
            mark(
                "Please open the billing page, pay there and confirm it with your bank; it takes a minute. Another "
                "card works as well. We do not try this card again by ourselves, and without a payment access closes "
                "in the coming days."
            ),
        ],
        action=mark("Pay and confirm"),
    ),
    "subscription_unpaid": Message(
        subject=mark("Your subscription is not paid: access closes on %(until)s"),
        paragraphs=[
            mark(
                "The subscription of %(account)s could not be renewed: %(reason)s. That was the last time that we "
                "tried by ourselves. Access closes on %(until)s."
            ),
            mark(
                "Once the subscription is paid, all is as before. Please put another card on file, which is charged at "
                "once, or pay by hand."
            ),
        ],
        action=mark("Pay or change the card"),
    ),
    "receipt": Message(
        subject=mark("Your receipt for %(amount)s"),
        paragraphs=[
            mark(
                "Thank you. We have received %(amount)s for %(account)s. The invoice is on the billing page, under "
                "Invoices."
            ),
        ],
        action=mark("See the invoice"),
    ),
}

INVITATION: Final = Message(
    subject=mark("%(workspace)s invites you to your billing page"),
    paragraphs=[
        mark(
            "%(workspace)s has a billing page for %(account)s. There you see the balance and what it is used for, add "
            "to it, keep a card on file, and find your invoices."
        ),
        mark(
            "The link works once, before %(until)s. If you need another one, or did not expect this mail, please ask "
            "%(workspace)s."
        ),
    ],
    action=mark("Open the billing page"),
)
"""The mail that invites the billing contact of a client, of which `%(workspace)s` is the workspace."""
