"""Webhooks: signs events and sends them, with retries until they are accepted (https://docs.stripe.com/webhooks).

Deliveries are part of the store, written together with their events, so that sending continues after a restart.
Several are in progress at once: as with Stripe, their order is not guaranteed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from local.stripe_emulator import accounts, webhook_endpoints
from local.stripe_emulator.clock import Clock
from local.stripe_emulator.errors import Json
from local.stripe_emulator.events import in_other_mode, shown
from local.stripe_emulator.faults import Fault, Faults, Kind
from local.stripe_emulator.ids import new_id
from local.stripe_emulator.settings import Settings, WebhookEndpoint
from local.stripe_emulator.store import Store
from local.stripe_emulator.work import Work

KIND = "_delivery"
DEAUTHORIZED = "account.application.deauthorized"
AT_ONCE = 4
IDLE_SECONDS = 5.0
NO_URL = "no webhook url"


def signature(payload: str, secret: str, timestamp: int) -> str:
    """Return the `Stripe-Signature` header (https://docs.stripe.com/webhooks#verify-manually)."""
    digest = hmac.new(secret.encode(), f"{timestamp}.{payload}".encode(), hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def plan(work: Work, event: Json, faults: Faults) -> None:
    """Add the deliveries of a new event to the work that caused it.

    Of an account that is not connected, the platform learns one thing only: that it no longer is.
    """
    if not accounts.is_connected(work) and event["type"] != DEAUTHORIZED:
        return
    fault = faults.for_event(event["type"], work.account)
    delivery: Json = {"object": KIND, "event": event["id"], "type": event["type"], "created": work.time, "attempts": []}
    delivery |= {"state": "pending", "due_at": time.time(), "shuffled": False}
    copies = fault.copies if fault and fault.kind is Kind.WEBHOOK_DUPLICATE else 1
    made = [endpoint["id"] for endpoint in webhook_endpoints.of_event(work, event)]
    for endpoint in [None, *made] * copies:
        work.save(_struck(delivery, fault) | {"id": new_id("whd"), "endpoint": endpoint, "attempts": []})


def _struck(delivery: Json, fault: Fault | None) -> Json:
    if fault is None:
        return delivery
    changes: dict[Kind, Json] = {
        Kind.WEBHOOK_DELAY: {"due_at": delivery["due_at"] + fault.seconds},
        Kind.WEBHOOK_HOLD: {"state": "held"},
        Kind.WEBHOOK_DROP: {"state": "dropped"},
        Kind.WEBHOOK_SHUFFLE: {"due_at": delivery["due_at"] + fault.seconds, "shuffled": True},
        Kind.WEBHOOK_OTHER_MODE: {"other_mode": True},
    }
    return delivery | changes.get(fault.kind, {})


def _gathered(shuffled: list[tuple[str, Json]], now: float) -> list[tuple[str, Json]]:
    """Return the shuffled deliveries in reverse order: all of them once any is due, else none."""
    is_due = any(delivery["due_at"] <= now for _, delivery in shuffled)
    return shuffled[::-1] if is_due else []


class Webhooks:
    """The background worker that sends the due deliveries."""

    def __init__(self, store: Store, settings: Settings, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._wanted = threading.Condition()
        self._woken = False
        self._stopping = False
        self._under_way: set[str] = set()
        self._open: dict[str, str] = {}  # the ids of unsettled deliveries, with their accounts
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook")
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Start sending, including what an earlier run left unsent."""
        with self._store.lock:
            self.notice(list(self._store.everywhere(KIND)))
        self._thread.start()

    def notice(self, changes: list[tuple[str, Json]]) -> None:
        """Register the deliveries among the committed changes."""
        fresh = {body["id"]: account for account, body in changes if body["object"] == KIND}
        with self._wanted:
            self._open |= fresh
            self._woken = True
            self._wanted.notify()

    def stop(self) -> None:
        """Stop sending; unsent deliveries stay in the store."""
        with self._wanted:
            self._stopping = True
            self._wanted.notify()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def send_now(self, account: str, event: str) -> int:
        """Make every delivery of an event due now, whatever its state; return how many."""
        return self._change(
            lambda owner, delivery: owner == account and delivery["event"] == event,
            {"state": "pending", "due_at": 0.0, "shuffled": False},
        )

    def release(self) -> int:
        """Send the held deliveries; return how many."""
        return self._change(lambda _, delivery: delivery["state"] == "held", {"state": "pending", "due_at": 0.0})

    def log(self) -> list[Json]:
        """Return every delivery with its attempts, oldest first."""
        with self._store.lock:
            return [{"account": account} | delivery for account, delivery in self._store.everywhere(KIND)]

    def _change(self, wanted: Callable[[str, Json], bool], change: Json) -> int:
        with self._store.lock:
            found = [
                (account, body | change) for account, body in self._store.everywhere(KIND) if wanted(account, body)
            ]
            self._store.commit(found)
        self.notice(found)
        return len(found)

    def _run(self) -> None:
        while True:
            wait = self._send_due()
            with self._wanted:
                if not self._woken and not self._stopping:
                    self._wanted.wait(wait)
                self._woken = False
                if self._stopping:
                    return

    def _send_due(self) -> float:
        """Pass the due deliveries to the pool; return the seconds to wait for the next ones."""
        now = time.time()
        pending = self._pending()
        single = [pair for pair in pending if pair[1]["due_at"] <= now and not pair[1]["shuffled"]]
        shuffled = _gathered([pair for pair in pending if pair[1]["shuffled"]], now)
        with self._wanted:
            self._under_way |= {delivery["id"] for _, delivery in single + shuffled}
        for batch in [[pair] for pair in single] + ([shuffled] if shuffled else []):
            self._pool.submit(self._send_in_turn, batch)
        later: list[float] = [delivery["due_at"] - now for _, delivery in pending if delivery["due_at"] > now]
        return min([IDLE_SECONDS, *later])

    def _pending(self) -> list[tuple[str, Json]]:
        with self._wanted:  # deliveries in progress are read first: one that ends meanwhile is then seen as ended
            candidates = [(account, name) for name, account in self._open.items() if name not in self._under_way]
        pending = []
        with self._store.lock:
            for account, identifier in candidates:
                delivery = self._store.find((account, KIND, identifier))
                if delivery is not None and delivery["state"] == "pending":
                    pending.append((account, delivery))
                else:
                    self._open.pop(identifier, None)
        return pending

    def _send_in_turn(self, batch: list[tuple[str, Json]]) -> None:
        for account, delivery in batch:
            try:
                self._attempt(account, delivery)
            finally:
                with self._wanted:
                    self._under_way.discard(delivery["id"])
                    self._woken = True
                    self._wanted.notify()

    def _attempt(self, account: str, delivery: Json) -> None:
        with self._store.lock:
            event = self._store.find((account, "event", delivery["event"]))
        if event is None:
            return
        endpoint = self._endpoint_of(account, delivery)
        sent = shown(event) | {"api_version": endpoint.api_version}
        if delivery.get("other_mode"):
            sent = in_other_mode(sent)
        status = self._post(endpoint, json.dumps(sent, indent=2)) if endpoint.url else NO_URL
        self._record(account, delivery, status)

    def _endpoint_of(self, account: str, delivery: Json) -> WebhookEndpoint:
        """Return the endpoint of the command line, or the one that was made through the API and may be gone since."""
        if delivery.get("endpoint") is None:  # what an earlier version has stored names none
            return self._settings.endpoint_of(connected=account != self._settings.platform)
        with self._store.lock:
            made = self._store.find((self._settings.platform, webhook_endpoints.KIND, delivery["endpoint"]))
        if made is None or made["_deleted"] or made["status"] != "enabled":
            return WebhookEndpoint()
        return WebhookEndpoint(made["url"], made["_secret"], webhook_endpoints.version_of(made))

    def _post(self, endpoint: WebhookEndpoint, payload: str) -> int | str:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(payload, endpoint.secret, self._clock.signature_time()),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        request = urllib.request.Request(endpoint.url, payload.encode(), headers, method="POST")  # noqa: S310 - checked at the start
        try:
            with urllib.request.urlopen(request, timeout=self._settings.webhook_timeout_seconds) as response:  # noqa: S310
                response.read()
                return int(response.status)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code
        except OSError as failed:
            return type(failed).__name__

    def _record(self, account: str, delivery: Json, status: int | str) -> None:
        with self._store.lock:
            current = self._store.find((account, KIND, delivery["id"]))
            if current is None:
                return
            attempts = [*current["attempts"], {"at": time.time(), "status": status}]
            self._store.commit([(account, current | {"attempts": attempts} | self._verdict(status, len(attempts)))])

    def _verdict(self, status: int | str, attempts: int) -> Json:
        if isinstance(status, int) and 200 <= status < 300:
            return {"state": "delivered"}
        delays = self._settings.webhook_retry_delays_seconds
        if status == NO_URL or attempts > len(delays):
            return {"state": "failed"}
        return {"state": "pending", "due_at": time.time() + delays[attempts - 1]}
