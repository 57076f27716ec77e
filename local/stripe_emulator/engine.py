"""Puts the parts together: one lock, one store, one clock; every change is one committed unit of work."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from local.stripe_emulator import timers, webhooks
from local.stripe_emulator.callers import Callers
from local.stripe_emulator.calls import Calls, RateLimit
from local.stripe_emulator.clock import Clock
from local.stripe_emulator.errors import ApiError
from local.stripe_emulator.events import Cause
from local.stripe_emulator.faults import Faults
from local.stripe_emulator.idempotency import IdempotencyKeys
from local.stripe_emulator.settings import Settings
from local.stripe_emulator.store import Store
from local.stripe_emulator.work import TASK, Surroundings, Work


class Engine:
    """The emulator without its HTTP."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock()
        self.store = Store(settings.state)
        self.faults = Faults()
        self.calls = Calls()
        self.rate_limit = RateLimit(settings.rate_limit)
        self.keys = IdempotencyKeys(self.store)
        self.callers = Callers(self.store, settings.platform, settings.secret_key, settings.publishable_key)
        self.webhooks = webhooks.Webhooks(self.store, settings, self.clock)
        self.restricted: set[str] = set()
        self._around = Surroundings(
            settings.platform,
            settings.url,
            settings.delay_seconds,
            settings.client_id,
            settings.search_lag_seconds,
            self.restricted,
        )
        self._timers = timers.Timers(self._run_due)
        self._open_tasks: dict[str, str] = {}

    def start(self) -> None:
        """Start the timers and the delivery of webhooks."""
        with self.store.lock:
            self._notice_tasks([pair for pair in self.store.everywhere(TASK) if not pair[1]["done"]])
        self.webhooks.start()
        self._timers.start()

    def stop(self) -> None:
        """Stop the timers and the delivery of webhooks. The store needs no closing: committed work is in the file."""
        self._timers.stop()
        self.webhooks.stop()

    @contextmanager
    def unit(self, account: str | None = None, cause: Cause | None = None) -> Iterator[Work]:
        """Yield a unit of work under the one lock. It is committed at the end, and discarded if an error is raised.

        If the error is an outcome (`keeps_changes`), the work is committed and the error is raised.
        """
        with self.store.lock:
            work = Work(self.store, self._around, account or self.settings.platform, self.clock.now(), cause)
            try:
                yield work
            except ApiError as error:
                if error.keeps_changes:
                    self._commit(work)
                raise
            self._commit(work)

    def reset(self) -> None:
        """Clear everything: objects, faults, calls, and the clock's offset."""
        with self.store.lock:
            self.store.clear()
            self.faults.clear()
            self.calls.clear()
            self.restricted.clear()
            self.callers.expired.clear()
            self._open_tasks.clear()
            self.clock.offset_seconds = 0.0
            self.clock.sign_webhooks = False

    def _commit(self, work: Work) -> None:
        for account, body in work.changes():
            if body["object"] == "event":
                webhooks.plan(work.beside(account), body, self.faults)
        changes = work.changes()
        self.store.commit(changes)
        self._notice_tasks([pair for pair in changes if pair[1]["object"] == TASK and not pair[1]["done"]])
        self.webhooks.notice(changes)

    def _notice_tasks(self, tasks: list[tuple[str, dict[str, object]]]) -> None:
        self._open_tasks |= {str(task["id"]): account for account, task in tasks}

    def _run_due(self) -> None:
        with self.store.lock:
            for identifier, account in list(self._open_tasks.items()):
                task = self.store.find((account, TASK, identifier))
                if task is None or task["done"]:
                    self._open_tasks.pop(identifier, None)
                elif task["due_at"] <= self.clock.now():
                    self._open_tasks.pop(identifier)
                    self._run_task(account, identifier)

    def _run_task(self, account: str, identifier: str) -> None:
        try:
            with self.unit(account) as work:
                timers.run_due(work, work.need(TASK, identifier))
        except ApiError as refused:  # its object has changed since, for example a charge that is disputed twice
            print(f"stripe emulator: {identifier} was not done: {refused}", file=sys.stderr)
        except Exception:  # noqa: BLE001
            # A bug here must not end the thread that every later task depends on, but it must be visible.
            traceback.print_exc()
