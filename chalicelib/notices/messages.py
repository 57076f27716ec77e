"""What mails say. Pure. `mail.compose` fills in the placeholders."""

from typing import Final

from chalicelib.i18n.texts import mark
from chalicelib.notices.budget_messages import BUDGETS
from chalicelib.notices.message import Message
from chalicelib.notices.warning_messages import WARNINGS

GREETING: Final = mark("Hello,")
WHERE: Final = mark("You'll find all of this in Settings > Billing.")
"""Where to act, if there is no link."""

FOOTER: Final = (
    mark("You're getting this email because you're a billing contact for %(account)s."),
    mark("You can choose who gets which emails in Settings > Billing."),
)

LABELS: Final = {
    "account": mark("Account"),
    "amount": mark("Amount"),
    "balance": mark("Balance"),
    "budget": mark("Budget"),
    "expires": mark("Valid until"),
    "charged": mark("Charged this month"),
    "card": mark("Card"),
    "date": mark("Date"),
    "limit": mark("Monthly limit"),
    "next_attempt": mark("Next attempt"),
    "paid": mark("Paid on"),
    "purpose": mark("For"),
    "reason": mark("Reason"),
    "reference": mark("Reference"),
    "renews": mark("Renews on"),
    "spent": mark("Spent"),
    "trial_ends": mark("Trial ends on"),
    "until": mark("Access until"),
}
"""The labels of the facts below a text."""

MESSAGES: Final = {
    **WARNINGS,
    **BUDGETS,
    "low_balance": Message(
        subject=mark("Your balance is low: %(balance)s"),
        paragraphs=[
            mark("The balance of %(account)s is down to %(balance)s, which is below %(threshold)s."),
            mark(
                "Once it's used up, calls, messages, and everything else paid from it will stop. Add balance before "
                "then, or turn on auto-pay to refill it automatically."
            ),
        ],
        action=mark("Add balance"),
    ),
    "low_balance_with_auto_pay": Message(
        subject=mark("Your balance is low: %(balance)s"),
        paragraphs=[
            mark(
                "The balance of %(account)s is down to %(balance)s, which is below %(threshold)s, and auto-pay hasn't "
                "refilled it. Your billing page shows why. Often the card was declined, or the monthly limit was "
                "reached."
            ),
            mark(
                "Once it's used up, calls, messages, and everything else paid from it will stop. Check auto-pay, or "
                "add balance yourself."
            ),
        ],
        action=mark("Check auto-pay"),
    ),
    "balance_exhausted": Message(
        subject=mark("Your balance is used up"),
        paragraphs=[
            mark("The balance of %(account)s is used up. It's now %(balance)s."),
            mark(
                "Calls, messages, and everything else paid from it have stopped. They'll resume as soon as you add "
                "balance."
            ),
        ],
        action=mark("Add balance"),
    ),
    "auto_pay_failed": Message(
        subject=mark("Auto-pay couldn't charge %(amount)s"),
        paragraphs=[
            mark(
                "Auto-pay tried to add %(amount)s to the balance of %(account)s with %(card)s, but %(reason)s. Nothing "
                "was charged."
            ),
            mark(
                "We'll try again automatically within a day. If you think that will fail too, save another card or add "
                "balance yourself."
            ),
        ],
        action=mark("Check your card"),
    ),
    "suspended_declines": Message(
        subject=mark("Auto-pay is paused"),
        paragraphs=[
            mark(
                "Auto-pay for %(account)s is paused because the card was declined several times in a row. Nothing more "
                "is charged automatically, and the balance of %(balance)s is no longer refilled."
            ),
            mark("To continue, save another card or turn auto-pay on again. You can also add balance yourself."),
        ],
        action=mark("Fix auto-pay"),
    ),
    "suspended_card_unusable": Message(
        subject=mark("Auto-pay is paused"),
        paragraphs=[
            mark(
                "Auto-pay for %(account)s is paused because the card on file can't be charged anymore. Nothing was "
                "charged, and the balance of %(balance)s is no longer refilled."
            ),
            mark("To continue, save a card again. You can also add balance yourself."),
        ],
        action=mark("Save a card"),
    ),
    "verification_payment": Message(
        subject=mark("Confirm your payment of %(amount)s"),
        paragraphs=[
            mark(
                "Your bank needs you to confirm the payment of %(amount)s with %(card)s for %(account)s. You won't be "
                "charged until you do."
            ),
            mark(
                "Open your billing page and confirm it there. A payment that isn't confirmed within a day is canceled."
            ),
        ],
        action=mark("Confirm payment"),
    ),
    "verification_auto_pay": Message(
        subject=mark("Confirm with your bank to keep auto-pay running"),
        paragraphs=[
            mark(
                "Auto-pay for %(account)s is paused because your bank needs to verify it's you before the card can be "
                "charged again. Nothing was charged, and the balance of %(balance)s is no longer refilled."
            ),
            mark(
                "Open your billing page, add balance once, and confirm it with your bank. It takes a minute, and then "
                "auto-pay continues. You can also use another card."
            ),
        ],
        action=mark("Confirm with your bank"),
    ),
    "subscription_past_due": Message(
        subject=mark("We couldn't renew your subscription"),
        paragraphs=[
            mark(
                "We couldn't renew the subscription of %(account)s: %(reason)s. Nothing was charged, and everything "
                "keeps working for now."
            ),
            mark(
                "We'll try again automatically over the next few days. If that fails too, your access will end a few "
                "days later. To be safe, save another card, which we'll charge right away, or pay now."
            ),
        ],
        action=mark("Pay or change card"),
    ),
    "subscription_past_due_confirm": Message(
        subject=mark("Confirm with your bank to keep your subscription"),
        paragraphs=[
            mark(
                "We couldn't renew the subscription of %(account)s because your bank needs to verify it's you before "
                "the card can be charged. Nothing was charged, and everything keeps working for now."
            ),
            mark(
                "Open your billing page, pay there, and confirm it with your bank. It takes a minute. You can also use "
                "another card. We won't try this card again automatically, and without a payment your access will end "
                "in the next few days."
            ),
        ],
        action=mark("Pay and confirm"),
    ),
    "subscription_unpaid": Message(
        subject=mark("Your subscription isn't paid: access ends on %(until)s"),
        paragraphs=[
            mark(
                "We couldn't renew the subscription of %(account)s: %(reason)s. That was our last automatic attempt. "
                "Your access ends on %(until)s."
            ),
            mark(
                "Once it's paid, everything works as before. Save another card, which we'll charge right away, or pay "
                "now."
            ),
        ],
        action=mark("Pay or change card"),
    ),
    "dispute_opened": Message(
        subject=mark("Your payment of %(amount)s was disputed"),
        paragraphs=[
            mark(
                "The cardholder disputed a payment of %(amount)s for %(account)s. The bank will decide, which can take "
                "two to three months."
            ),
            mark(
                "Until then, automatic payments with %(card)s can be on hold. If the dispute is a mistake, ask your "
                "bank to withdraw it. The payment's page shows what has been taken back so far."
            ),
        ],
        action=mark("View payment"),
    ),
    "dispute_inquiry": Message(
        subject=mark("Your bank is asking about a payment of %(amount)s"),
        paragraphs=[
            mark(
                "Your bank is asking about a payment of %(amount)s for %(account)s. It's only a question so far: "
                "nothing has been taken back."
            ),
            mark(
                "If you recognize this payment, tell your bank. Until the question is closed, automatic payments with "
                "%(card)s can be on hold."
            ),
        ],
        action=mark("View payment"),
    ),
    "receipt": Message(
        subject=mark("Your receipt for %(amount)s"),
        paragraphs=[
            mark(
                "Thank you. We received %(amount)s for %(account)s. You'll find the invoice on your billing page, "
                "under Invoices."
            ),
        ],
        action=mark("View invoice"),
    ),
}

INVITATION: Final = Message(
    subject=mark("%(workspace)s invites you to your billing page"),
    paragraphs=[
        mark(
            "%(workspace)s has a billing page for %(account)s. There you can see the balance and what it's used for, "
            "add balance, save a card, and download your invoices."
        ),
        mark(
            "The link works once, before %(until)s. If you need another one, or weren't expecting this email, contact "
            "%(workspace)s."
        ),
    ],
    action=mark("Open billing page"),
)
"""The mail that invites the billing contact of a client, of which `%(workspace)s` is the workspace."""

DOCUMENTS: Final = {
    "invoice": Message(
        subject=mark("Invoice %(number)s from %(seller)s"),
        paragraphs=[mark("Attached is invoice %(number)s from %(seller)s to %(buyer)s, for %(amount)s.")],
        action="",
    ),
    "credit_note": Message(
        subject=mark("Credit note %(number)s from %(seller)s"),
        paragraphs=[mark("Attached is credit note %(number)s from %(seller)s to %(buyer)s, for %(amount)s.")],
        action="",
    ),
}
"""The mails with which somebody sends a document to an address."""

SENT_BY: Final = mark("You're getting this email because %(account)s had it sent to you.")
