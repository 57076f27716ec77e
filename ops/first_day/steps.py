"""What is tried, in this order. Each step makes one request that is judged, and may use what earlier steps made."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from chalicelib.stripe_api.client import API_VERSION
from ops.first_day.wire import Answer, Unreachable, Wire

OURS: Final = {"metadata": {"deployment": "first-day"}}
"""Whose it is. Deployments whose endpoints are at the same Stripe account leave alone what another one has made."""

MONEY: Final = {"amount": 2500, "currency": "usd", **OURS}
CARDS: Final = {"allowed_payment_method_types": ["card"]}
RETURN_URL: Final = "https://billing.example.com/portal"
CONTROLLER: Final = {
    "fees": {"payer": "account"},
    "losses": {"payments": "stripe"},
    "requirement_collection": "stripe",
    "stripe_dashboard": {"type": "full"},
}


@dataclass
class Trial:
    """One run: the way to Stripe, what was made, and how to wait. `run` makes idempotency keys this run's own."""

    wire: Wire
    run: str
    wait: Callable[[Callable[[], Answer], Callable[[Answer], bool]], Answer]
    webhook_url: str | None = None
    with_connect: bool = False
    made: dict[str, str] = field(default_factory=dict)

    def post(self, path: str, params: Any = None, key: str | None = None) -> Answer:
        """Make a POST, with an idempotency key if one is given."""
        return self.wire.call("POST", path, params, f"{self.run}-{key}" if key else None)

    def get(self, path: str, params: Any = None) -> Answer:
        """Make a GET."""
        return self.wire.call("GET", path, params)

    def keep(self, name: str, answer: Answer) -> Answer:
        """Keep the id of what was made under a name."""
        self.made[name] = answer.id
        return answer

    def pay(self, card: str, **more: Any) -> Answer:
        """Charge a card with cards alone, as a server does."""
        return self.post("payment_intents", {**MONEY, **CARDS, "payment_method": card, "confirm": True, **more})

    def charge_saved(self, card: str, *, off_session: bool) -> Answer:
        """Attach a card to the customer and charge it."""
        customer = self.made["customer"]
        attached = self.post(f"payment_methods/{card}/attach", {"customer": customer})
        more = {"off_session": True} if off_session else {"return_url": RETURN_URL, "use_stripe_sdk": True}
        return self.pay(attached.id, customer=customer, **more) if attached.is_ok else attached


class Step(msgspec.Struct, frozen=True):
    """One thing that is tried. `needs` says what a run must have for it: a URL for webhooks, or Connect."""

    name: str
    run: Callable[[Trial], Answer]
    needs: str | None = None


def _dispute(trial: Trial) -> Answer:
    charge = trial.pay("pm_card_createDispute").body.get("latest_charge")
    listed = trial.wait(lambda: trial.get("disputes", {"charge": charge}), lambda answer: bool(answer.body["data"]))
    return trial.get(f"disputes/{listed.body['data'][0]['id']}") if listed.body.get("data") else listed


def _webhook(trial: Trial) -> Answer:
    """Tell by the event itself that it arrived: Stripe counts the endpoints that have not taken it yet."""
    endpoint = {"url": trial.webhook_url, "enabled_events": ["customer.updated"], "api_version": API_VERSION}
    made = trial.keep("webhook_endpoint", trial.post("webhook_endpoints", endpoint))
    if not made.is_ok:
        return made
    trial.post(f"customers/{trial.made['customer']}", {"description": f"first day {trial.run}"})
    found = trial.get("events", {"type": "customer.updated", "limit": 1})
    event_id = found.body["data"][0]["id"] if found.body.get("data") else "none"
    return trial.wait(lambda: trial.get(f"events/{event_id}"), lambda answer: answer.body.get("pending_webhooks") == 0)


def _delivered(trial: Trial) -> Answer:
    """Answer the event with whether it was delivered as its state."""
    event = _webhook(trial)
    pending = event.body.get("pending_webhooks")
    return Answer(event.status, {**event.body, "status": "delivered" if pending == 0 else f"{pending} pending"})


STEPS: Final = (
    Step("the account", lambda t: t.get("account")),
    Step(
        "a customer", lambda t: t.keep("customer", t.post("customers", {"name": "First day", "email": "a@example.com"}))
    ),
    Step(
        "saving a card, cards alone",
        lambda t: t.post(
            "setup_intents",
            {"customer": t.made["customer"], "payment_method": "pm_card_visa", "confirm": True, **CARDS},
        ),
    ),
    Step(
        "saving a card with 3-D Secure",
        lambda t: t.post(
            "setup_intents",
            {
                "customer": t.made["customer"],
                "payment_method": "pm_card_authenticationRequired",
                "confirm": True,
                "return_url": RETURN_URL,
                **CARDS,
            },
        ),
    ),
    Step(
        "confirming without return_url",
        lambda t: t.post("payment_intents", {**MONEY, "payment_method": "pm_card_visa", "confirm": True}),
    ),
    Step(
        "confirming with return_url",
        lambda t: t.post(
            "payment_intents",
            {**MONEY, "payment_method": "pm_card_visa", "confirm": True, "return_url": RETURN_URL},
        ),
    ),
    Step("cards alone, without return_url", lambda t: t.keep("payment", t.pay("pm_card_visa"))),
    Step(
        "payment_method_types instead",
        lambda t: t.post(
            "payment_intents",
            {**MONEY, "payment_method": "pm_card_visa", "confirm": True, "payment_method_types": ["card"]},
        ),
    ),
    Step(
        "automatic_payment_methods without redirects",
        lambda t: t.post(
            "payment_intents",
            {
                **MONEY,
                "payment_method": "pm_card_visa",
                "confirm": True,
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            },
        ),
    ),
    Step("a declined card", lambda t: t.pay("pm_card_visa_chargeDeclined")),
    Step("a card without enough money", lambda t: t.pay("pm_card_visa_chargeDeclinedInsufficientFunds")),
    Step(
        "attaching a card that declines",
        lambda t: t.post("payment_methods/pm_card_visa_chargeDeclined/attach", {"customer": t.made["customer"]}),
    ),
    Step(
        "a card that attaches and then declines",
        lambda t: t.charge_saved("pm_card_chargeCustomerFail", off_session=True),
    ),
    Step(
        "3-D Secure off session",
        lambda t: t.charge_saved("pm_card_authenticationRequired", off_session=True),
    ),
    Step(
        "3-D Secure on session",
        lambda t: t.keep("challenged", t.charge_saved("pm_card_authenticationRequired", off_session=False)),
    ),
    Step("canceling it", lambda t: t.post(f"payment_intents/{t.made['challenged']}/cancel")),
    Step("canceling it again", lambda t: t.post(f"payment_intents/{t.made['challenged']}/cancel")),
    Step("the charge of a payment", lambda t: t.get("charges", {"payment_intent": t.made["payment"]})),
    Step(
        "a refund, with an idempotency key",
        lambda t: t.post("refunds", {"payment_intent": t.made["payment"], "amount": 500, **OURS}, "refund"),
    ),
    Step(
        "the same again: replayed",
        lambda t: t.post("refunds", {"payment_intent": t.made["payment"], "amount": 500, **OURS}, "refund"),
    ),
    Step(
        "the same key with another amount",
        lambda t: t.post("refunds", {"payment_intent": t.made["payment"], "amount": 600, **OURS}, "refund"),
    ),
    Step(
        "a refund of more than is left",
        lambda t: t.post("refunds", {"payment_intent": t.made["payment"], "amount": 2001, **OURS}),
    ),
    Step("a dispute", _dispute),
    Step("a customer that is not there", lambda t: t.pay("pm_card_visa", customer="cus_nobody")),
    Step("an unknown parameter", lambda t: t.post("customers", {"nonsense": "1"})),
    Step("a webhook", _delivered, needs="a URL (--webhook-url)"),
    Step(
        "opening an account",
        lambda t: t.keep("account", t.post("accounts", {"controller": CONTROLLER, "country": "US"})),
        needs="Connect (--connect)",
    ),
    Step(
        "a link to its onboarding",
        lambda t: t.post(
            "account_links",
            {
                "account": t.made["account"],
                "type": "account_onboarding",
                "return_url": RETURN_URL,
                "refresh_url": RETURN_URL,
            },
        ),
        needs="Connect (--connect)",
    ),
)


def clean_up(trial: Trial) -> list[str]:
    """Delete what can be deleted; return the ids of what could not be. Payments and refunds of test mode stay."""
    left = []
    for name, path in (("webhook_endpoint", "webhook_endpoints"), ("account", "accounts"), ("customer", "customers")):
        identifier = trial.made.get(name)
        if identifier and not _is_deleted(trial, f"{path}/{identifier}"):
            left.append(identifier)
    return left


def _is_deleted(trial: Trial, path: str) -> bool:
    try:
        return trial.wire.call("DELETE", path).is_ok
    except Unreachable:
        return False
