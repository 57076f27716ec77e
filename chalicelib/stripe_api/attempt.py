"""When a request that Stripe does not have may be sent again, and with which idempotency key. Pure.

With the same key a repeat is the same request, so nothing is done twice. A key may be used until Stripe forgets it. A
key that only replays an error of Stripe's own is exhausted; the next attempt's key may be used once the request with
the old key can no longer take effect. docs.stripe.com/api/idempotent_requests,
docs.stripe.com/error-low-level#server-errors.
"""

from typing import Final, Protocol

import msgspec

KEY_LIFE_MS: Final = 23 * 60 * 60 * 1000
"""How long a key is used. Stripe keeps it for at least 24 hours."""

LATE_EFFECT_MS: Final = 10 * 60 * 1000
"""How long after an error of Stripe's own a request may still take effect. A second charge is worse than a wait."""

MAXIMUM_ATTEMPTS: Final = 3


class Request(Protocol):
    """A payment or a refund, which is stored here before it is sent to Stripe."""

    @property
    def created_at_ms(self) -> int:
        """Return when it was stored."""

    @property
    def attempt(self) -> int:
        """Return the number of its current key, from 1 on."""

    @property
    def key_exhausted_at_ms(self) -> int | None:
        """Return when its current key was first seen to replay an error of Stripe's own."""


class Send(msgspec.Struct, frozen=True):
    """Send it, with the next attempt's key if the current one is exhausted."""

    with_next_key: bool = False


class GiveUp(msgspec.Struct, frozen=True):
    """Give it up: no request that was sent can still take effect."""


class Wait(msgspec.Struct, frozen=True):
    """Do nothing now: a request that was sent may still take effect, and no key is safe to use."""


def next_attempt(request: Request, now_ms: int) -> Send | GiveUp | Wait:
    """Return what to do about a request that Stripe does not have."""
    if can_no_longer_arrive(request, now_ms):
        return GiveUp()
    if is_key_expired(request, now_ms):
        return Wait()
    if request.key_exhausted_at_ms is None:
        return Send()
    return Send(with_next_key=True) if may_take_next_key(request, now_ms) else Wait()


def is_key_expired(request: Request, now_ms: int) -> bool:
    """Tell whether Stripe may have forgotten the key, so that a repeat might be a second request."""
    return now_ms - request.created_at_ms >= KEY_LIFE_MS


def can_no_longer_arrive(request: Request, now_ms: int) -> bool:
    """Tell whether a request that Stripe does not have can no longer arrive: none is sent after the key has expired."""
    return now_ms - request.created_at_ms >= KEY_LIFE_MS + LATE_EFFECT_MS


def may_take_next_key(request: Request, now_ms: int) -> bool:
    """Tell whether another key may be used for a request whose current key is exhausted."""
    exhausted_at_ms = request.key_exhausted_at_ms
    has_waited = exhausted_at_ms is not None and now_ms - exhausted_at_ms >= LATE_EFFECT_MS
    return has_waited and request.attempt < MAXIMUM_ATTEMPTS


def key_of(resource_id: str, attempt: int) -> str:
    """Return the idempotency key of an attempt: the payment's or refund's id, with a suffix from the second on."""
    return resource_id if attempt == 1 else f"{resource_id}-{attempt}"
