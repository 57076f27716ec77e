"""The state that goes to Stripe and comes back: signed, expiring, and bound to the person and the workspace.

https://docs.stripe.com/connect/oauth-reference: `state` protects against forged callbacks. Its key is made from the
token secret, so that a bearer token is no state, and a state no bearer token.
"""

import hmac
import secrets
from hashlib import sha256
from typing import Final

import jwt
import msgspec

from chalicelib import clock
from chalicelib.connection.connection import Way
from chalicelib.connection.link_state import LinkState
from chalicelib.connection.refusals import StateInvalid
from chalicelib.settings import settings
from chalicelib.typed import convert

ALGORITHM: Final = "HS256"
OAUTH_MS: Final = 10 * 60 * 1000
"""How long a person has to approve the connection at Stripe."""

ONBOARDING_MS: Final = 24 * 60 * 60 * 1000
"""How long an onboarding, which asks for documents, may go on with one link. Its state may be used more than once."""


def new_state(way: Way, *, workspace_id: str, account_id: str | None, actor: str) -> LinkState:
    """Return the state of a connection that a person begins now."""
    lasts_ms = OAUTH_MS if way == "oauth" else ONBOARDING_MS
    return LinkState(
        id=secrets.token_urlsafe(18),
        way=way,
        workspace_id=workspace_id,
        account_id=account_id,
        actor=actor,
        expires_at_ms=clock.now_ms() + lasts_ms,
    )


def sign_state(state: LinkState) -> str:
    """Return a state as it is sent to Stripe."""
    return jwt.encode(msgspec.to_builtins(state), _key(), algorithm=ALGORITHM)


def read_state(text: str, way: Way) -> LinkState:
    """Read a state that came back. Raises StateInvalid."""
    try:
        found = convert(jwt.decode(text, _key(), algorithms=[ALGORITHM]), LinkState)
    except (jwt.InvalidTokenError, msgspec.ValidationError, RecursionError):
        raise StateInvalid("the address was not made here, or it was changed on its way; begin again") from None
    if found.way != way:
        raise StateInvalid("the address belongs to another way of connecting; begin again")
    if found.expires_at_ms <= clock.now_ms():
        raise StateInvalid("the address has expired; begin again")
    return found


def _key() -> bytes:
    return hmac.new(settings().token_secret.encode(), b"stripe-connection", sha256).digest()
