"""Why a subscription was canceled, if the customer said so. It is never asked for as a condition. Pure."""

from typing import Final, Literal

import msgspec

from chalicelib.text import Line

Reason = Literal[
    "customer_service",
    "low_quality",
    "missing_features",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
    "other",
]
"""The names that Stripe has for them (https://docs.stripe.com/api/subscriptions/object, `cancellation_details`)."""


class CancelRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A cancellation. Both are optional: one of a few reasons, and a sentence."""

    reason: Reason | None = None
    comment: Line | None = None

    @property
    def says_something(self) -> bool:
        """Tell whether a reason or a comment was given."""
        return bool(self.reason or self.comment)


class Cancellation(msgspec.Struct, frozen=True):
    """What was said when a subscription was canceled, by whom and when."""

    reason: Reason | None
    comment: str | None
    actor: str
    at_ms: int


WITHOUT_REASON: Final = CancelRequest()
