"""One call's reads and writes: the objects it saves and the events it causes are committed together, or not at all."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from local.stripe_emulator.errors import Json, no_such
from local.stripe_emulator.events import Cause, new_event
from local.stripe_emulator.ids import new_id
from local.stripe_emulator.store import ObjectKey, Store

TASK = "_task"


@dataclass(frozen=True)
class Surroundings:
    """What every call needs: the platform's own account, the emulator's URL, the delay of automatic changes.

    `restricted` holds the platform's own account while it may not charge.
    """

    platform: str
    url: str = ""
    delay_seconds: float = 1.0
    application: str = "ca_emulator"
    search_lag_seconds: float = 1.0
    restricted: set[str] = field(default_factory=set)


class Work:
    """A unit of work for one account. Objects read through it are its own copies until it is committed."""

    def __init__(
        self, store: Store, around: Surroundings, account: str, now: float, cause: Cause | None = None
    ) -> None:
        self.around = around
        self.account = account
        self.time = now
        self.cause = cause or Cause()
        self._store = store
        self._copies: dict[ObjectKey, Json] = {}
        self._saved: dict[ObjectKey, Json] = {}

    @property
    def now(self) -> int:
        """The time of this call, in whole seconds since 1970."""
        return int(self.time)

    @property
    def connected(self) -> bool:
        """Whether the account is a connected one."""
        return self.account != self.around.platform

    @property
    def platform(self) -> Work:
        """The same unit of work for the platform's own account, which holds the connected accounts."""
        return self.beside(self.around.platform)

    def beside(self, account: str) -> Work:
        """Return the same unit of work for another account."""
        other = copy.copy(self)
        other.account = account
        return other

    def get(self, kind: str, identifier: str) -> Json | None:
        """Return this work's own copy of an object."""
        place = (self.account, kind, identifier)
        if place not in self._copies:
            found = self._store.find(place)
            if found is None:
                return None
            self._copies[place] = copy.deepcopy(found)
        return self._copies[place]

    def need(self, kind: str, identifier: str, param: str | None = None) -> Json:
        """Return an object. Raises ApiError if it does not exist: 404 if the URL names it, 400 if `param` does."""
        found = self.get(kind, identifier)
        if found is None:
            raise no_such(NOUNS.get(kind, kind), identifier, param=param)
        return found

    def save(self, body: Json) -> Json:
        """Mark an object as changed or new; it is written when the work is committed."""
        place = (self.account, body["object"], body["id"])
        self._copies[place] = self._saved[place] = body
        return body

    def all(self, kind: str, where: Callable[[Json], bool] = lambda _: True) -> Iterator[Json]:
        """Yield the objects of one kind that satisfy `where`, newest first. They are for reading only."""
        yield from (body for body in self._fresh(kind) if where(body))
        for body in self._store.newest_first(self.account, kind):
            current = self._copies.get((self.account, kind, body["id"]), body)
            if where(current):
                yield current

    def emit(self, type: str, body: Json, previous: Json | None = None) -> Json:
        """Add an event with an object's current state; `previous` holds the values that an update replaced."""
        account = self.account if self.connected else None
        return self.save(new_event(type, body, previous, created=self.now, cause=self.cause, account=account))

    def later(self, action: str, **details: str) -> None:
        """Schedule a task that runs after the emulator's delay (see `timers`)."""
        task = {"id": new_id("task"), "object": TASK, "action": action, "done": False}
        self.save(task | {"due_at": self.time + self.around.delay_seconds, "details": details})

    def discard(self) -> None:
        """Discard every change made so far."""
        self._copies.clear()
        self._saved.clear()

    def changes(self) -> list[tuple[str, Json]]:
        """Return the objects to write, in the order in which they were first saved."""
        return [(account, body) for (account, _, _), body in self._saved.items()]

    def _fresh(self, kind: str) -> list[Json]:
        fresh = [
            body
            for place, body in self._saved.items()
            if place[:2] == (self.account, kind) and self._store.find(place) is None
        ]
        return fresh[::-1]


NOUNS = {"payment_method": "PaymentMethod", "setup_intent": "setupintent", "webhook_endpoint": "webhook endpoint"}
