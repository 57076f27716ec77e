"""What a browser may do: calls with a publishable key and the client secret of the one intent that they act on."""

from __future__ import annotations

from local.stripe_emulator.errors import ApiError, Json, invalid, missing_parameter
from local.stripe_emulator.parameters import Field, Shape
from local.stripe_emulator.routes import Route
from local.stripe_emulator.work import Work

TEXT = Field(Shape(text=True))
BROWSERS_MAY_NOT = (
    "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of "
    "your API keys at https://dashboard.stripe.com/account/apikeys."
)
HIDDEN = frozenset({"application", "application_fee_amount", "customer", "latest_attempt", "latest_charge", "metadata",
                    "on_behalf_of", "review", "transfer_data", "transfer_group"})  # fmt: skip


def fields(route: Route, allowed: dict[str, Field]) -> dict[str, Field]:
    """Return the parameters of a browser's call, or refuse a call that needs the secret key."""
    if not route.publishable:
        raise ApiError(403, BROWSERS_MAY_NOT, code="secret_key_required", begun=False)
    return allowed | {"client_secret": TEXT, "key": TEXT}


def check_secret(work: Work, route: Route, ids: tuple[str, ...], params: Json) -> None:
    """Refuse a browser that does not hold the intent's client secret."""
    params.pop("key", None)
    if not ids:
        return
    secret = params.pop("client_secret", None)
    if secret is None:
        raise missing_parameter("client_secret")
    kind = "payment_intent" if route.path.startswith("/v1/payment_intents") else "setup_intent"
    if work.need(kind, ids[0])["client_secret"] != secret:
        message = f"The client_secret provided does not match any associated {kind} on this account."
        raise invalid(message, param="client_secret", code=f"{kind}_invalid_parameter")


def view(answer: Json) -> Json:
    """Return what a browser may see."""
    return {name: value for name, value in answer.items() if name not in HIDDEN}
