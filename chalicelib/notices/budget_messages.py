"""What mails say of budgets. Pure."""

from typing import Final

from chalicelib.i18n.texts import mark
from chalicelib.notices.message import Message

STOPS_NOTHING: Final = mark("This email doesn't stop anything: usage continues and is charged to your balance.")
REVIEW: Final = mark("Review budget")

BUDGETS: Final = {
    "budget_near": Message(
        subject=mark("%(percent)s of your %(limit)s budget is spent"),
        paragraphs=[
            mark("%(account)s has spent %(spent)s of its budget of %(limit)s (%(budget)s)."),
            STOPS_NOTHING,
        ],
        action=REVIEW,
    ),
    "budget_near_closing": Message(
        subject=mark("%(percent)s of your %(limit)s budget is spent"),
        paragraphs=[
            mark("%(account)s has spent %(spent)s of its budget of %(limit)s (%(budget)s)."),
            STOPS_NOTHING,
            mark("Once all of it is spent, this budget closes access. To keep going, raise the limit before then."),
        ],
        action=REVIEW,
    ),
    "budget_reached": Message(
        subject=mark("Your %(limit)s budget is used up"),
        paragraphs=[
            mark("%(account)s has spent %(spent)s. That uses up its budget of %(limit)s (%(budget)s)."),
            STOPS_NOTHING,
        ],
        action=REVIEW,
    ),
    "budget_closed": Message(
        subject=mark("Your %(limit)s budget is used up: access is closed"),
        paragraphs=[
            mark("%(account)s has spent %(spent)s. That uses up its budget of %(limit)s (%(budget)s)."),
            mark(
                "As you chose, access is closed until %(reopens)s (UTC). What's already on its way still arrives and "
                "is charged. To open access before then, raise the limit."
            ),
        ],
        action=REVIEW,
    ),
}
