"""Check Stripe's signature of a webhook. Pure. https://docs.stripe.com/webhooks#verify-manually."""

import hmac
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from chalicelib.errors import Refusal

TOLERANCE_SECONDS: Final = 5 * 60
"""How old, or how far ahead of our clock, a signature may be, so that a recorded message cannot be replayed later.
Stripe's own libraries accept the same age."""

TIMESTAMP: Final = re.compile("[0-9]{1,12}")


class InvalidSignature(Refusal):
    """The message is not from Stripe, or it is too old."""

    status = 400
    type = "invalid-signature"
    title = "The signature does not hold"


class SignedByAnother(InvalidSignature):
    """None of the secrets has signed the message; one that is newer may have."""


def check(body: bytes, header: str, secrets: Sequence[str], now_ms: int) -> None:
    """Check that Stripe signed exactly these bytes, just now, with one of the secrets. Raises InvalidSignature.

    Without a secret everything is refused. An empty one counts for none: anyone could sign with it.
    """
    keys = [secret.encode() for secret in secrets if secret.strip()]
    if not keys:
        raise SignedByAnother("there is no secret to check signatures with; everything is refused")
    timestamp, signatures = _parts(header)
    expected = [hmac.new(key, f"{timestamp}.".encode() + body, sha256).hexdigest().encode() for key in keys]
    if not any(hmac.compare_digest(each, sent.encode()) for each in expected for sent in signatures):
        raise SignedByAnother("no signature in the Stripe-Signature header is of this body")
    if abs(now_ms / 1000 - int(timestamp)) > TOLERANCE_SECONDS:
        raise InvalidSignature(f"the signature's time is more than {TOLERANCE_SECONDS} seconds off")


def _parts(header: str) -> tuple[str, list[str]]:
    """Read `t=1492774577,v1=5257a8...,v0=...`: the time and the signatures of the scheme `v1`."""
    pairs = [part.strip().partition("=")[::2] for part in header.split(",")]
    timestamps = [value for name, value in pairs if name == "t"]
    signatures = [value for name, value in pairs if name == "v1"]
    if len(timestamps) != 1 or not TIMESTAMP.fullmatch(timestamps[0]) or not signatures:
        raise InvalidSignature("the Stripe-Signature header needs one t= and at least one v1=")
    return timestamps[0], signatures
