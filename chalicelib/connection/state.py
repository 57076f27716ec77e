"""The state that goes to Stripe and comes back: signed, expiring, and bound to workspace, person and browser.

https://docs.stripe.com/connect/oauth-reference: `state` protects against forged callbacks. Its key is made from the
token secret, so that a bearer token is no state, and a state no bearer token.
"""

import hmac
import secrets
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import jwt
import msgspec

from chalicelib import clock
from chalicelib.connection.browser import is_browser
from chalicelib.connection.connection import Way
from chalicelib.connection.link_state import LinkState
from chalicelib.connection.refusals import OtherBrowser, StateInvalid
from chalicelib.log import log
from chalicelib.secrets import secrets as keys
from chalicelib.secrets import with_secrets
from chalicelib.typed import convert

ALGORITHM: Final = "HS256"
START_MS: Final = 10 * 60 * 1000
"""How long the address that the API returns can be opened."""

OAUTH_MS: Final = 10 * 60 * 1000
"""How long a person has to approve the connection at Stripe."""

ONBOARDING_MS: Final = 24 * 60 * 60 * 1000
"""How long an onboarding, which asks for documents, may go on with one link. Its state may be used more than once."""

LASTS_MS: Final[dict[Way, int]] = {"oauth": OAUTH_MS, "onboarding": ONBOARDING_MS}


def new_state(
    way: Way, *, workspace_id: str, account_id: str | None, actor: str, browser: str | None = None
) -> LinkState:
    """Return the state of a connection that a person begins now, in a browser if one is there."""
    lasts_ms = LASTS_MS[way] if browser else START_MS
    return LinkState(
        id=secrets.token_urlsafe(18),
        way=way,
        workspace_id=workspace_id,
        account_id=account_id,
        actor=actor,
        expires_at_ms=clock.now_ms() + lasts_ms,
        browser=browser,
    )


def sign_state(state: LinkState) -> str:
    """Return a state as it is sent to Stripe."""
    return jwt.encode(msgspec.to_builtins(state), _key(keys().token_secret), algorithm=ALGORITHM)


def read_start(text: str) -> LinkState:
    """Read the state of an address that opens the way to Stripe. Raises StateInvalid."""
    found = _read(text)
    if found.browser is not None:
        raise StateInvalid("the address is not the one that begins; begin again")
    return found


def read_state(text: str, way: Way, secrets_found: Iterable[str]) -> LinkState:
    """Read a state that came back with a browser, which holds these secrets. Raises StateInvalid, OtherBrowser."""
    found = _read(text)
    if found.way != way or found.browser is None:
        raise StateInvalid("the address belongs to another way of connecting; begin again")
    if not is_browser(found.browser, secrets_found):
        log().warning("a connection came back in another browser", account_id=found.workspace_id, actor=found.actor)
        raise OtherBrowser(
            "the connection was begun in another browser; nothing was connected, begin again in this one"
        )
    return found


def _read(text: str) -> LinkState:
    try:
        found = convert(
            with_secrets(
                lambda known: _decode(text, known.token_secrets),
                is_outdated=lambda error: isinstance(error, jwt.InvalidSignatureError),
            ),
            LinkState,
        )
    except (jwt.InvalidTokenError, msgspec.ValidationError, RecursionError):
        raise StateInvalid("the address was not made here, or it was changed on its way; begin again") from None
    if found.expires_at_ms <= clock.now_ms():
        raise StateInvalid("the address has expired; begin again")
    return found


def _decode(text: str, token_secrets: Iterable[str]) -> object:
    """Return the content of a state that one of the secrets has signed. Raises jwt.InvalidTokenError."""
    wrong = jwt.InvalidSignatureError()
    for secret in token_secrets:
        try:
            return jwt.decode(text, _key(secret), algorithms=[ALGORITHM])
        except jwt.InvalidSignatureError as error:
            wrong = error
    raise wrong


def _key(token_secret: str) -> bytes:
    return hmac.new(token_secret.encode(), b"stripe-connection", sha256).digest()
