"""Why Stripe does not let an account take payments, and what to do about it. Pure.

https://docs.stripe.com/api/accounts/object#account_object-requirements-disabled_reason
"""

from typing import Final

from chalicelib.i18n.texts import mark

DISABLED_REASONS: Final = {
    "action_required.requested_capabilities": mark(
        "Stripe needs to know which ways of payment the account is to take. "
        "Request card payments in Stripe's dashboard."
    ),
    "listed": mark(
        "Stripe found the account on a list of prohibited persons or companies, and is looking into it. "
        "Wait for Stripe's answer, or contact Stripe."
    ),
    "other": mark("Stripe is reviewing the account. Look into Stripe's dashboard, or contact Stripe."),
    "platform_paused": mark("The platform has paused the account. Please contact the platform's support."),
    "rejected.fraud": mark(
        "Stripe has rejected the account because of suspected fraud. Contact Stripe, or connect another account."
    ),
    "rejected.incomplete_verification": mark(
        "Stripe has rejected the account because its verification was not completed in "
        "time. Contact Stripe, or connect another account."
    ),
    "rejected.listed": mark(
        "Stripe has rejected the account because it is on a list of prohibited persons or companies. "
        "Contact Stripe, or connect another account."
    ),
    "rejected.other": mark(
        "Stripe has rejected the account. Contact Stripe for the reason, or connect another account."
    ),
    "rejected.platform_fraud": mark(
        "The platform has rejected the account because of suspected fraud. Please contact the platform's support."
    ),
    "rejected.platform_other": mark("The platform has rejected the account. Please contact the platform's support."),
    "rejected.platform_terms_of_service": mark(
        "The platform has rejected the account because its terms of service were "
        "violated. Please contact the platform's support."
    ),
    "rejected.terms_of_service": mark(
        "Stripe has rejected the account because its terms of service were violated. Contact "
        "Stripe, or connect another account."
    ),
    "requirements.past_due": mark(
        "Stripe is missing information about the business. Open Stripe's dashboard and complete what it asks for."
    ),
    "requirements.pending_verification": mark(
        "Stripe is verifying the information about the business. Nothing has to be "
        "done; it usually takes minutes, at most a few days."
    ),
    "under_review": mark("Stripe is reviewing the account. Nothing has to be done until Stripe asks for something."),
}
"""Every reason that Stripe publishes, in words for the workspace."""

UNKNOWN: Final = mark("Stripe does not let the account take payments. Open Stripe's dashboard to see why.")


def explain_disabled(disabled_reason: str | None) -> str:
    """Say why an account takes no payments, and what to do; a reason that is newer than the table is told generally."""
    return DISABLED_REASONS.get(disabled_reason or "", UNKNOWN)
