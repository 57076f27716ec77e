"""The browser in which a connection is begun holds a secret, and the state that goes to Stripe its hash. Pure."""

import hmac
import secrets
from collections.abc import Iterable
from hashlib import sha256


def new_secret() -> str:
    """Return a secret for a browser to keep while its person is at Stripe."""
    return secrets.token_urlsafe(32)


def browser_of(secret: str) -> str:
    """Return how a browser is named: by the hash of its secret."""
    return sha256(secret.encode()).hexdigest()


def is_browser(browser: str, found: Iterable[str]) -> bool:
    """Tell whether one of the secrets that a browser holds is the one of that name."""
    return any(hmac.compare_digest(browser_of(each), browser) for each in found)
