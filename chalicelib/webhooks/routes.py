"""Stripe's webhooks over HTTP."""

import msgspec

from chalicelib.api_tags import PAYMENTS
from chalicelib.http_input import BodyTooLarge
from chalicelib.secrets import SecretsUnavailable
from chalicelib.stripe_api.signature import InvalidSignature
from chalicelib.web import Call, Routes
from chalicelib.webhooks.receive import (
    MalformedEvent,
    WebhookUnprocessed,
    WrongApiVersion,
    WrongEndpoint,
    WrongMode,
    receive,
)

routes = Routes(__name__, *PAYMENTS)

EVENT_BYTES = 4 * 1024 * 1024
"""A Lambda function receives at most 6 MB, including the body as a JSON string. Stripe's events have a few KB."""


REFUSALS = (
    BodyTooLarge,
    InvalidSignature,
    MalformedEvent,
    WrongEndpoint,
    WrongMode,
    WrongApiVersion,
    WebhookUnprocessed,
    SecretsUnavailable,
)


class WebhookView(msgspec.Struct):
    """The result of processing an event."""

    state: str
    reason: str | None


@routes.operation(
    "POST",
    "/webhooks/stripe",
    summary="Take an event from Stripe",
    description=(
        "Give this address to Stripe as a webhook endpoint. Events are checked by their signature, done once "
        "however often they come, and answered 503 when they could not be processed, so that Stripe sends them "
        "again. Unknown types are ignored."
    ),
    gives=WebhookView,
    refuses=REFUSALS,
    public=True,
    body_bytes=EVENT_BYTES,
)
def receive_webhook(call: Call[None, None]) -> WebhookView:
    verdict = receive(call.raw_body, call.headers.get("stripe-signature", ""))
    return WebhookView(verdict.state, verdict.reason)


@routes.operation(
    "POST",
    "/webhooks/stripe-connect",
    summary="Take an event of a connected account from Stripe",
    description=(
        "Give this address to Stripe as a second endpoint, for events on connected accounts: it has a secret of its "
        "own. Otherwise it does what the first one does; each refuses the events of the other."
    ),
    gives=WebhookView,
    refuses=REFUSALS,
    public=True,
    body_bytes=EVENT_BYTES,
)
def receive_connect_webhook(call: Call[None, None]) -> WebhookView:
    verdict = receive(call.raw_body, call.headers.get("stripe-signature", ""), connect=True)
    return WebhookView(verdict.state, verdict.reason)
