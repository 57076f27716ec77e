"""What mails say that warn of something before it matters. Pure."""

from typing import Final

from chalicelib.i18n.texts import mark
from chalicelib.notices.message import Message

WARNINGS: Final = {
    "auto_pay_limit_near": Message(
        subject=mark("Auto-pay has charged %(charged)s of your monthly limit of %(limit)s"),
        paragraphs=[
            mark(
                "This month, auto-pay has charged %(charged)s to refill the balance of %(account)s. Your monthly limit "
                "is %(limit)s."
            ),
            mark(
                "Once there's no room for another refill, your balance won't be refilled until %(resumes)s. To keep "
                "auto-pay going, raise the limit."
            ),
        ],
        action=mark("Change limit"),
    ),
    "auto_pay_limit_reached": Message(
        subject=mark("Auto-pay reached your monthly limit of %(limit)s"),
        paragraphs=[
            mark(
                "This month, auto-pay has charged %(charged)s to refill the balance of %(account)s. Another refill "
                "would exceed your monthly limit of %(limit)s, so your balance of %(balance)s won't be refilled until "
                "%(resumes)s."
            ),
            mark("To refill it before then, raise the limit or add balance yourself."),
        ],
        action=mark("Change limit"),
    ),
    "card_expiring": Message(
        subject=mark("Your %(card)s expires on %(expires)s"),
        paragraphs=[
            mark(
                "The card on file for %(account)s, %(card)s, expires on %(expires)s. Automatic payments are charged to "
                "it."
            ),
            mark("Add your new card before then so your payments go through."),
        ],
        action=mark("Update card"),
    ),
    "backup_card_expiring": Message(
        subject=mark("Your backup card %(card)s expires on %(expires)s"),
        paragraphs=[
            mark(
                "The backup card for %(account)s, %(card)s, expires on %(expires)s. We charge it if your default card "
                "is declined."
            ),
            mark("Add your new card before then, or choose another backup."),
        ],
        action=mark("Update card"),
    ),
    "renewal_upcoming": Message(
        subject=mark("Your subscription renews on %(renews)s for %(amount)s"),
        paragraphs=[
            mark("The yearly subscription for %(account)s renews on %(renews)s. We'll charge %(amount)s to %(card)s."),
            mark("You don't need to do anything to keep it. If you want to change or cancel it, do so before then."),
        ],
        action=mark("View your plan"),
    ),
    "renewal_upcoming_without_card": Message(
        subject=mark("Your subscription renews on %(renews)s: save a card"),
        paragraphs=[
            mark(
                "The yearly subscription for %(account)s renews on %(renews)s for %(amount)s, but there's no card on "
                "file."
            ),
            mark("Save a card before then to keep your subscription."),
        ],
        action=mark("Save a card"),
    ),
    "trial_ending": Message(
        subject=mark("Your trial ends on %(trial_ends)s"),
        paragraphs=[
            mark(
                "The trial for %(account)s ends on %(trial_ends)s. Your subscription starts then, and we'll charge "
                "%(amount)s to %(card)s."
            ),
            mark(
                "You don't need to do anything to continue. If you want to change your plan or cancel, do so before "
                "then."
            ),
        ],
        action=mark("View your plan"),
    ),
    "trial_ending_without_card": Message(
        subject=mark("Your trial ends on %(trial_ends)s: save a card"),
        paragraphs=[
            mark(
                "The trial for %(account)s ends on %(trial_ends)s. Your subscription starts then for %(amount)s, but "
                "there's no card on file."
            ),
            mark("Save a card before then to continue without interruption."),
        ],
        action=mark("Save a card"),
    ),
}
