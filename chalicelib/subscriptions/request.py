"""What a request for a subscription says: the plan and its add-ons, as they shall be. Pure."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.money import Decimal
from chalicelib.subscriptions.subscription import Contents, Subscription

Name = Annotated[str, Meta(max_length=40)]
Quantity = Annotated[int, Meta(ge=0, le=10_000, description="How many; 0 for none.")]


class SubscriptionRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A subscription as it shall be. Without `add_ons` they stay as they are; sent, they are all there are.

    `expected_amount` is what a preview said is charged now; if it is no longer that, nothing is done.
    """

    plan: Name
    add_ons: dict[Name, Quantity] | UnsetType | None = UNSET
    expected_amount: Decimal | None = None

    @property
    def content(self) -> dict[str, Any]:
        """Return what a repeat must agree in: to keep the add-ons that there are is not to have none."""
        given: dict[str, Any] = msgspec.to_builtins(self.contents())
        return {**given, "add_ons": None} if self.add_ons is UNSET else given

    def contents(self, current: Subscription | None = None) -> Contents:
        """Return what is wanted of a subscription from its next period on, without what there are none of."""
        wanted = self.add_ons or {}
        if self.add_ons is UNSET and current and not current.may_start:
            wanted = (current.scheduled or current.terms.contents).add_ons
        return Contents(self.plan, {name: wanted[name] for name in sorted(wanted) if wanted[name]})
