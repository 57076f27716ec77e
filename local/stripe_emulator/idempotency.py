"""Idempotency keys: the first answer of a key is saved for a day and replayed.

https://docs.stripe.com/api/idempotent_requests

A key belongs to one Stripe account. Its answer is saved once the endpoint has begun to execute, declines and server
errors included. Other parameters with the same key are refused. While its first call is running, a second one gets a
409.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from local.stripe_emulator.errors import ApiError, Json, malformed
from local.stripe_emulator.store import Store
from local.stripe_emulator.work import Work

KIND = "_idempotency_key"
SECONDS_KEPT = 24 * 60 * 60
LONGEST_KEY = 255


@dataclass(frozen=True)
class Answer:
    """The answer to a call."""

    status: int
    body: Json
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Attempt:
    """A call with an idempotency key."""

    account: str
    key: str
    path: str
    fingerprint: str
    request_id: str


def fingerprint(method: str, path: str, params: Json) -> str:
    """Return a hash of what must be the same for a key to be used again."""
    content = json.dumps([method, path, params], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


class IdempotencyKeys:
    """The keys that are in use now, and those with a saved answer."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._running: set[tuple[str, str]] = set()
        self._guard = threading.Lock()

    @contextmanager
    def claim(self, attempt: Attempt, now: float) -> Iterator[Answer | None]:
        """Lock a key while its call runs, and yield the saved answer to replay, if there is one.

        Raises the 409 of a key in use and the 400 of a key that was used for another request.
        """
        if len(attempt.key) > LONGEST_KEY:
            raise malformed(f"Idempotency keys can be at most {LONGEST_KEY} characters long.")
        place = (attempt.account, attempt.key)
        with self._guard:
            if place in self._running:
                raise _in_use(attempt.key)
            self._running.add(place)
        try:
            yield self._remembered(attempt, now)
        finally:
            with self._guard:
                self._running.discard(place)

    def remember(self, work: Work, attempt: Attempt, answer: Answer) -> None:
        """Save an answer; it is committed together with the call's changes."""
        work.save(
            {
                "id": attempt.key,
                "object": KIND,
                "created": work.time,
                "path": attempt.path,
                "fingerprint": attempt.fingerprint,
                "request_id": attempt.request_id,
                "status": answer.status,
                "body": answer.body,
                "headers": answer.headers,
            }
        )

    def _remembered(self, attempt: Attempt, now: float) -> Answer | None:
        with self._store.lock:
            kept = self._store.find((attempt.account, KIND, attempt.key))
        if kept is None or now - kept["created"] >= SECONDS_KEPT:
            return None
        if kept["fingerprint"] != attempt.fingerprint:
            raise _mismatch(attempt, kept["path"])
        headers = {"Idempotent-Replayed": "true", "Original-Request": kept["request_id"]}
        return Answer(kept["status"], kept["body"], kept["headers"] | headers)


def _in_use(key: str) -> ApiError:
    message = (
        "There is currently another in-progress request using this Idempotent Key (that probably means you submitted "
        f"twice, and the other request is still going through): {key}. Please try again later."
    )
    return ApiError(409, message, code="idempotency_key_in_use", begun=False)


def _mismatch(attempt: Attempt, first_path: str) -> ApiError:
    if attempt.path != first_path:
        message = (
            "Keys for idempotent requests can only be used for the same endpoint they were first used for "
            f"('{attempt.path}' vs '{first_path}'). Try using a key other than '{attempt.key}' if you meant to execute "
            "a different request."
        )
    else:
        message = (
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try "
            f"using a key other than '{attempt.key}' if you meant to execute a different request."
        )
    return ApiError(400, message, type="idempotency_error", begun=False)
