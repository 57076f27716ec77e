"""The exceptions that an error of Stripe's is mapped to. All are refusals with a status of their own. Pure.

`exception_for` maps a meaning to its exception; the table of meanings is in `meanings`.
"""

from typing import Any

from chalicelib.errors import Refusal
from chalicelib.stripe_api.meanings import Meaning, StripeError


class StripeUnavailable(Refusal):
    """Stripe did not answer, or not clearly: whether the request took effect is unknown.

    `replayed` means that the answer was a saved error of Stripe's own, which the same key will always replay.
    """

    status = 503
    type = "stripe-unavailable"
    title = "Stripe cannot be reached"

    def __init__(self, reason: str, *, replayed: bool = False, detail: str = "") -> None:
        super().__init__(detail or "the payment provider did not answer; trying again is safe")
        self.reason = reason
        self.replayed = replayed

    @property
    def headers(self) -> dict[str, str]:
        """Ask the client to retry soon."""
        return {"Retry-After": "5"}


class PaymentsUnavailable(StripeUnavailable):
    """Stripe refused for a reason that is not the customer's: nothing was done. The operator must fix the cause.

    `meaning` is `us`, `account`, `access` or `unknown`, `code` is Stripe's: both are for the log. `replayed` means that
    the key will only replay this answer.
    """

    type = "payments-unavailable"
    title = "Payments are not possible at the moment"

    def __init__(self, meaning: Meaning, code: str, reason: str, *, replayed: bool = False) -> None:
        # The text does not say that nothing was charged: an earlier attempt may have charged and lost its answer.
        detail = "payments are not possible at the moment; the card is fine, and what was begun goes on by itself"
        super().__init__(reason, replayed=replayed, detail=detail)
        self.meaning = meaning
        self.code = code

    @property
    def headers(self) -> dict[str, str]:
        """Ask the client to retry in a minute: a person must act first."""
        return {"Retry-After": "60"}


class AccessGone(PaymentsUnavailable):
    """The platform has no access to a connected Stripe account: it was disconnected, here or at Stripe."""


class StripeRefused(Refusal):
    """Stripe refused the request, and will do so again. `code` and `param` are Stripe's, `reason` is its message."""

    status = 409
    type = "stripe-refused"
    title = "The payment provider refuses this"

    def __init__(self, error: StripeError) -> None:
        super().__init__(error.message or "the payment provider refuses this", **self.details_of(error))
        self.code = error.code or error.type or "unknown"
        self.param = error.param
        self.reason = error.message

    def details_of(self, error: StripeError) -> dict[str, object]:
        """Return what the refusal is about."""
        return {"code": error.code or error.type or "unknown"}


class CardRefused(StripeRefused):
    """The card was declined. `answer` is the `error` object of Stripe's answer, with the PaymentIntent if there is one.

    A charge turns it into a failed payment; any other call passes it on to the caller.
    """

    status = 402
    type = "card-refused"
    title = "The card was declined"

    def __init__(self, error: StripeError, answer: dict[str, Any]) -> None:
        super().__init__(error)
        self.answer = answer


class CustomerGone(StripeRefused):
    """The customer or the saved card is not at Stripe any more, or cannot be used."""


class DetailsRefused(StripeRefused):
    """Stripe does not accept an input, such as an e-mail address; `field` names it."""

    status = 422
    type = "details-refused"
    title = "The payment provider does not take this"

    def details_of(self, error: StripeError) -> dict[str, object]:
        """Return the code, and the field to correct."""
        field = error.param or ("email" if error.code == "email_invalid" else None)
        return {**super().details_of(error), **({"field": field} if field else {})}


class NotAtStripe(StripeRefused):
    """Stripe does not have the object that was asked for."""


class UnexpectedState(StripeRefused):
    """The object is in another state at Stripe than the request expects."""


def exception_for(
    meaning: Meaning, error: StripeError, answer: dict[str, Any], *, replayed: bool
) -> StripeUnavailable | StripeRefused:
    """Return the exception for a meaning."""
    kinds = {"customer": CustomerGone, "typed": DetailsRefused, "missing": NotAtStripe, "moved": UnexpectedState}
    if meaning == "card":
        return CardRefused(error, answer)
    if meaning in kinds:
        return kinds[meaning](error)
    if not error.is_definite:
        return StripeUnavailable(error.message, replayed=replayed)
    if error.type == "idempotency_error":
        # The key was used for another request, which may still take effect.
        return StripeUnavailable(error.message, replayed=True)
    kind = AccessGone if meaning == "access" else PaymentsUnavailable
    return kind(meaning, error.code or error.type or "unknown", error.message, replayed=replayed)


def reason_of(error: Exception) -> str:
    """Return why something waits, for the log: Stripe's message if there is one."""
    return error.reason if isinstance(error, StripeUnavailable) else str(error)


STRIPE_REFUSALS = (StripeUnavailable, PaymentsUnavailable, StripeRefused, CardRefused, DetailsRefused)
"""The refusals of a route whose answer comes directly from Stripe."""
