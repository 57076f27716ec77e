"""The Stripe account that a call is made on: the platform's own, or one that is connected to it. Pure."""

from typing import Final

import msgspec

PLATFORM_KEY: Final = "platform"


class StripeAccount(msgspec.Struct, frozen=True):
    """A Stripe account. `id` is None for the platform's own, and `acct_...` for a connected one.

    What `Stripe-Account` means: https://docs.stripe.com/connect/authentication.
    """

    id: str | None

    @property
    def key(self) -> str:
        """Return its value in the key of a row, which cannot be None."""
        return self.id or PLATFORM_KEY


PLATFORM: Final = StripeAccount(None)
