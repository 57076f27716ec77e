"""What Stripe may answer besides what was asked for."""

from chalicelib.errors import Refusal


class StripeUnavailable(Refusal):
    """Stripe did not answer, or not clearly: whether it did what was asked is unknown.

    `remembered` tells that the answer was a saved failure of Stripe's own, which the same key will repeat for ever.
    """

    status = 503
    type = "stripe-unavailable"
    title = "Stripe cannot be reached"

    def __init__(self, reason: str, *, remembered: bool = False) -> None:
        super().__init__("the payment provider did not answer; trying again is safe")
        self.reason = reason
        self.remembered = remembered

    @property
    def headers(self) -> dict[str, str]:
        """Ask the client to come back soon."""
        return {"Retry-After": "5"}


class StripeRefused(Exception):
    """Stripe can never do what was asked, such as with an object that it does not have."""

    def __init__(self, code: str, param: str | None, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.param = param
