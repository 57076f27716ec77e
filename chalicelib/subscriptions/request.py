"""The bodies of requests to begin or change a subscription, resume or pay it. Pure."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.catalog.catalog import MOST_OF_AN_ADD_ON
from chalicelib.money import Decimal, parse_micros
from chalicelib.subscriptions.subscription import Contents, Subscription

Name = Annotated[str, Meta(max_length=40)]
Quantity = Annotated[int, Meta(ge=0, le=MOST_OF_AN_ADD_ON, description="How many; 0 for none.")]


class SubscriptionRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The requested subscription. If `add_ons` is left out, they stay as they are; if it is sent, the list is complete.

    `expected_amount` is the charge that a preview returned; if the charge differs now, nothing is changed.
    """

    plan: Name
    add_ons: dict[Name, Quantity] | UnsetType | None = UNSET
    expected_amount: Decimal | None = None

    @property
    def expected_micros(self) -> int | None:
        """Return what may be charged; None if nothing was said of it."""
        return None if self.expected_amount is None else parse_micros(self.expected_amount)

    @property
    def idempotency_content(self) -> dict[str, Any]:
        """Return what a repeat with the same key must have in common. Keeping the add-ons differs from having none."""
        given: dict[str, Any] = msgspec.to_builtins(self.wanted_contents())
        return {**given, "add_ons": None} if self.add_ons is UNSET else given

    def wanted_contents(self, current: Subscription | None = None) -> Contents:
        """Return the contents that the request asks for, from the next period on at the latest; zeros are left out."""
        wanted = self.add_ons or {}
        if self.add_ons is UNSET and current and not current.may_start:
            wanted = (current.scheduled or current.terms.contents).add_ons
        return Contents(self.plan, {name: wanted[name] for name in sorted(wanted) if wanted[name]})


class ChargeRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What may be charged: `expected_amount`, `0` for nothing. If the charge differs now, nothing is done."""

    expected_amount: Decimal | None = None

    @property
    def expected_micros(self) -> int | None:
        """Return what may be charged; None if nothing was said of it."""
        return None if self.expected_amount is None else parse_micros(self.expected_amount)
