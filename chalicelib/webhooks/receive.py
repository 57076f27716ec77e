"""Receive Stripe's webhooks: check the signature, store once, process, answer. Failed events are parked and resent."""

from collections.abc import Callable
from typing import Final

import msgspec

from chalicelib import clock, metrics
from chalicelib.cards import stripe_events as cards
from chalicelib.connection import stripe_events as connection
from chalicelib.errors import Refusal
from chalicelib.json_input import NotJson, read_json
from chalicelib.log import log
from chalicelib.payments import stripe_events as payments
from chalicelib.reversals import stripe_events as reversals
from chalicelib.secrets import with_secrets
from chalicelib.stripe_api import signature
from chalicelib.stripe_api.client import API_VERSION, is_live
from chalicelib.stripe_api.deployment import OtherDeployment, check_ours
from chalicelib.stripe_api.event import StripeEvent, Verdict
from chalicelib.stripe_api.signature import InvalidSignature
from chalicelib.webhooks import table

REFUSED: Final = "a webhook is refused"
"""An alarm watches for this log line: the endpoint is configured wrongly, and no events are received."""


TEST_EVENT: Final = Verdict("ignored", "this is an event of test mode")
"""Stripe sends an endpoint of connected accounts in live mode the events of test mode, too: of accounts that are
connected in both (docs.stripe.com/connect/webhooks). Refusing them would make Stripe switch the endpoint off."""


class MalformedEvent(Refusal):
    """The body is signed, but it is not an event."""

    status = 400
    type = "malformed-event"
    title = "Not a Stripe event"


class WrongMode(Refusal):
    """An event of test mode while the key is of live mode, or the reverse."""

    status = 400
    type = "event-of-wrong-mode"
    title = "The event is of another mode than the key"

    def __init__(self, *, livemode: bool) -> None:
        sent, wanted = ("live", "test") if livemode else ("test", "live")
        super().__init__(
            f"this is an event of {sent} mode, and the API key here is of {wanted} mode; send it to the endpoint of "
            f"{sent} mode",
            livemode=livemode,
        )


class WrongEndpoint(Refusal):
    """An event of a connected account at the endpoint of the platform's own, or the reverse."""

    status = 400
    type = "event-at-wrong-endpoint"
    title = "The event belongs to the other endpoint"

    def __init__(self, account: str | None) -> None:
        of, path = ("a connected account", "stripe-connect") if account else ("the platform's own account", "stripe")
        super().__init__(f"this is an event of {of}; send it to /webhooks/{path}", account=account)


class WrongApiVersion(Refusal):
    """An event in a version of Stripe's API that is not the one read here."""

    status = 400
    type = "event-of-wrong-api-version"
    title = "The event is of another API version"

    def __init__(self, api_version: str) -> None:
        super().__init__(
            f"this event is written in version {api_version[:60]!r} of Stripe's API; set the webhook endpoint to "
            f"{API_VERSION!r}",
            api_version=api_version[:60],
            wanted=API_VERSION,
        )


class WebhookUnprocessed(Refusal):
    """The event could not be processed; it is parked, and Stripe sends it again."""

    status = 503
    type = "webhook-unprocessed"
    title = "The event was not processed"


def receive(body: bytes, signature_header: str, *, connect: bool = False) -> Verdict:
    """Receive one delivery of an event; one that was finished before has no effect.

    With `connect` it came to the endpoint of the connected accounts, which has a secret of its own. Raises
    InvalidSignature, MalformedEvent, WrongEndpoint, WrongMode, WrongApiVersion, WebhookUnprocessed,
    SecretsUnavailable.
    """
    try:
        _check_signature(body, signature_header, connect=connect)
    except InvalidSignature:
        metrics.count("webhooks_unsigned")
        raise
    metrics.count("webhooks_unsigned", 0)
    try:
        event: StripeEvent = read_json(body, StripeEvent)
    except (NotJson, msgspec.ValidationError) as error:
        raise MalformedEvent(f"the body is not an event: {error}") from None
    if connect and event.livemode is False and is_live():
        return TEST_EVENT
    try:
        if connect != (event.account is not None):
            raise WrongEndpoint(event.account)
        check_readable(event)
    except (WrongEndpoint, WrongMode, WrongApiVersion) as refusal:
        log().error(REFUSED, event_id=event.id, type=event.type, reason=refusal.detail)
        metrics.count("webhooks_refused", event_id=event.id)
        raise
    metrics.count("webhooks_received", event_id=event.id, type=event.type)
    if not table.store(event, body if event.type in PROCESSORS else None):
        return Verdict("processed", "it was finished before")
    return _process_and_finish(event)


def _check_signature(body: bytes, header: str, *, connect: bool) -> None:
    with_secrets(
        lambda known: signature.check(body, header, known.webhook_secrets_of(connect=connect), clock.now_ms()),
        is_outdated=lambda error: isinstance(error, signature.SignedByAnother),
    )


def check_readable(event: StripeEvent) -> None:
    """Check that an event has the key's mode and the API version that is read here. Raises WrongMode, WrongApiVersion.

    An event that names no mode or version is accepted: Stripe leaves the version empty on events that have none.
    """
    if None not in {event.livemode, is_live()} and event.livemode != is_live():
        raise WrongMode(livemode=bool(event.livemode))
    if event.api_version not in {None, API_VERSION}:
        raise WrongApiVersion(str(event.api_version))


def replay(event_id: str) -> Verdict | None:
    """Process a parked event again from its stored body, when Stripe has stopped sending it.

    Returns None when there is no such event or it was finished. Raises WebhookUnprocessed.
    """
    payload = table.payload_of(event_id)
    return _process_and_finish(read_json(payload, StripeEvent)) if payload else None


def _process_and_finish(event: StripeEvent) -> Verdict:
    try:
        verdict = process(event)
    except Exception as error:
        log().exception("a webhook is parked", event_id=event.id, type=event.type)
        metrics.count("webhooks_parked", event_id=event.id)
        table.finish(event.id, Verdict("parked", f"{type(error).__name__}: {error}"))
        raise WebhookUnprocessed("it was not processed and is parked; send it again", event_id=event.id) from error
    table.finish(event.id, verdict)
    return verdict


def process(event: StripeEvent) -> Verdict:
    """Process an event by its type. Processing it again changes nothing."""
    process_type = PROCESSORS.get(event.type)
    if process_type is None:
        return Verdict("ignored", "this type of event means nothing here")
    try:
        check_ours(event.object.get("metadata") or {})
        return process_type(event)
    except OtherDeployment as other:
        return Verdict("ignored", str(other))


PROCESSORS: Final[dict[str, Callable[[StripeEvent], Verdict]]] = {
    **payments.PROCESSORS,
    **cards.PROCESSORS,
    **reversals.PROCESSORS,
    **connection.PROCESSORS,
}
"""Processors by type (docs.stripe.com/api/events/types). Each package defines those of its own types."""
