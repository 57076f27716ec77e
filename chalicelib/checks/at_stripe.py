"""What Stripe has: its lists of payments, refunds and disputes, read in batches, and what each of them says."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from chalicelib.checks.compare import Kind, StripeRecord
from chalicelib.money import from_card_amount
from chalicelib.payments.intent import parse_intent
from chalicelib.payments.payment import PREFIX
from chalicelib.reversals.dispute import parse_dispute, withdrawn_micros
from chalicelib.reversals.refund import RETURNED, parse_refund
from chalicelib.stripe_api.client import ask, or_none
from chalicelib.stripe_api.deployment import is_ours
from chalicelib.stripe_api.meanings import Call
from chalicelib.stripe_api.stripe_account import PLATFORM, StripeAccount

Body = dict[str, Any]

A_CALL: Final = 100
"""Objects that Stripe lists with one call (docs.stripe.com/api/pagination)."""

SECOND_MS: Final = 1000
"""Stripe counts whole seconds, and lists the newest first."""

FINDS: Final[dict[Kind, Call]] = {"payment": "find_intent", "refund": "retrieve", "dispute": "find_dispute"}
"""The calls that read one object: that Stripe does not have it is an answer."""

EXPANDED: Final = "payment_intent"
"""A refund and a dispute are read with their payment, whose metadata names ours."""


class Listed(msgspec.Struct, frozen=True):
    """A batch of a list: everything that was made from `from_ms` to the end of the span that was asked for."""

    bodies: list[Body]
    from_ms: int


class Place(msgspec.Struct, frozen=True):
    """The payment that an object at Stripe names: an account and an id, which a workspace may have written itself."""

    account_id: str
    payment_id: str

    @property
    def is_named(self) -> bool:
        """Tell whether it can be the place of a payment of ours."""
        return bool(self.account_id) and self.payment_id.startswith(PREFIX)


def list_batch(kind: Kind, stripe_account: StripeAccount, from_ms: int, until_ms: int, *, at_most: int) -> Listed:
    """List what was made in a span, the newest `at_most` of it, of ours and others'. Raises StripeUnavailable.

    A batch ends between two seconds: of one second it has all, be they more than `at_most`.
    """
    found: list[Body] = []
    params = list_params(kind, from_ms, until_ms)
    while True:
        after = {"starting_after": found[-1]["id"]} if found else {}
        page = ask("reconcile", stripe_account, _lister(kind, {**params, **after}))
        found += [each.to_dict() for each in page.data]
        if not page.has_more:
            return Listed(found, from_ms)
        edge = found[-1]["created"]
        whole = [body for body in found if body["created"] > edge]
        if len(found) >= at_most and whole:
            return Listed(whole, (edge + 1) * SECOND_MS)


def list_params(kind: Kind, from_ms: int, until_ms: int) -> Body:
    """Return the parameters that list what was made in a span of time, its end not included."""
    span: Body = {"created": {"gte": from_ms // SECOND_MS, "lt": -(-until_ms // SECOND_MS)}, "limit": A_CALL}
    return span if kind == "payment" else {**span, "expand": [f"data.{EXPANDED}"]}


def retrieve(kind: Kind, stripe_account: StripeAccount, identifier: str) -> Body | None:
    """Read one object, or None if the Stripe account has no such. Raises StripeUnavailable."""

    def read(v1: Any) -> Body:
        more: Any = {} if kind == "payment" else {"expand": [EXPANDED]}
        body: Body = resource(v1, kind).retrieve(identifier, more).to_dict()
        return body

    return or_none(FINDS[kind], stripe_account, read)


def _lister(kind: Kind, params: Body) -> Callable[[Any], Any]:
    return lambda v1: resource(v1, kind).list(params)


def resource(v1: Any, kind: Kind) -> Any:
    """Return the part of Stripe's library that reads objects of a kind."""
    return {"payment": v1.payment_intents, "refund": v1.refunds, "dispute": v1.disputes}[kind]


def is_of_ours(body: Body, stripe_account: StripeAccount) -> bool:
    """Tell whether an object may be of a payment of ours: on a connected account the workspace sells by itself, too.

    On the platform's own account everything counts, unless another deployment made it.
    """
    found = _metadata(body)
    return is_ours(found) and (place_of(body).is_named or stripe_account == PLATFORM)


def place_of(body: Body) -> Place:
    """Return the payment that an object names; in place of an id of ours, that of Stripe's own payment or charge."""
    found = _metadata(body)
    payment_id = found.get("payment_id") or _payment(body).get("id") or str(body.get("charge"))
    return Place(found.get("account_id") or "", payment_id)


def _metadata(body: Body) -> Mapping[str, str]:
    return _payment(body).get("metadata") or {}


def _payment(body: Body) -> Body:
    """Return a payment itself; of a refund or dispute its payment, which is expanded; empty if it has none."""
    return body if body["object"] == "payment_intent" else body.get(EXPANDED) or {}


def record_of(kind: Kind, body: Body) -> StripeRecord | None:
    """Return what an object has moved so far; None for a payment that has not succeeded."""
    place = place_of(body)
    moved = _moved(kind, body)
    if moved is None:
        return None
    return StripeRecord(place.account_id, place.payment_id, body["created"] * SECOND_MS, moved, body["currency"])


def _moved(kind: Kind, body: Body) -> int | None:
    if kind == "payment":
        intent = parse_intent(body, None)
        return from_card_amount(intent.amount_received_minor, intent.currency) if intent.status == "succeeded" else None
    if kind == "refund":
        refund = parse_refund(body, None)
        return from_card_amount(0 if refund.status in RETURNED else refund.amount_minor, refund.currency)
    dispute = parse_dispute(body, None)
    amount_micros = from_card_amount(dispute.amount_minor, dispute.currency)
    return withdrawn_micros(dispute.balance_movements, amount_micros, dispute.currency)


def add_up(first: StripeRecord, second: StripeRecord) -> StripeRecord:
    """Return two payments that took money for one payment of ours as one, so that a difference shows."""
    moved_micros = first.moved_micros + second.moved_micros
    return msgspec.structs.replace(first, moved_micros=moved_micros, at_ms=min(first.at_ms, second.at_ms))
