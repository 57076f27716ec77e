"""A Stripe event, and the result of processing it. Values only. Pure."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from chalicelib import clock

State = Literal["received", "processed", "ignored", "parked"]

Text = Annotated[str, Meta(min_length=1, max_length=255)]
"""Stripe's ids have at most 255 characters (docs.stripe.com/upgrades); a longer one could not be a row's key."""


class StripeEvent(msgspec.Struct, frozen=True):
    """A Stripe event (docs.stripe.com/api/events/object). `account` is the connected account that it is about.

    `api_version` is the one that its object was written in; Stripe leaves it empty if there is none.
    """

    id: Text
    type: Text
    created: Annotated[int, Meta(ge=0, le=clock.LAST_MS // 1000)]
    data: dict[str, Any]
    account: Text | None = None
    livemode: bool | None = None
    api_version: str | None = None

    @property
    def object(self) -> dict[str, Any]:
        """Return the object it is about, as it was when the event was created."""
        found: dict[str, Any] = self.data["object"]
        return found

    def __post_init__(self) -> None:
        """Check that it has an object."""
        if not isinstance(self.data.get("object"), dict):
            raise ValueError("data.object is not an object")  # noqa: TRY004 - msgspec makes it a ValidationError


class Verdict(msgspec.Struct, frozen=True):
    """The result of processing an event, and the reason."""

    state: State
    reason: str | None = None


PROCESSED: Final = Verdict("processed")
