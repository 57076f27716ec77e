"""Runs the emulator for tests (`process`) and talks to its control API.

    with Emulator(webhook_url=url, webhook_secret="whsec_test") as emulator:
        client = emulator.stripe_client()
        ...
        assert len(emulator.charges(payment_intent=intent.id)) == 1

Nothing here is needed to use the emulator: it is a process, and everything below is HTTP.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any, Literal, TypedDict, Unpack
from urllib.parse import urlencode

import stripe

from local.stripe_emulator.process import EmulatorProcess

Json = dict[str, Any]
SECRET_KEY = "sk_test_emulator"  # noqa: S105 - valid only for an emulator
PUBLISHABLE_KEY = "pk_test_emulator"
CLIENT_ID = "ca_emulator"
FORM = "application/x-www-form-urlencoded"


class ControlError(Exception):
    """The control API refused a call; the message says why."""


class FaultOptions(TypedDict, total=False):
    """The calls or webhooks that a fault applies to, and its effect."""

    method: str
    path: str
    event: str
    account: str
    nth: int
    times: int
    seconds: float
    status: int
    code: str
    type: str
    message: str
    param: str
    decline_code: str
    copies: int


class Emulator(EmulatorProcess):
    """An emulator process on a free port of this machine, and what a test can make it do."""

    http_client: stripe.HTTPClient | None = None
    """What the library's clients send with, if not with what the library takes by itself."""

    def stripe_client(
        self, api_key: str = SECRET_KEY, *, stripe_account: str | None = None, max_network_retries: int = 0
    ) -> stripe.StripeClient:
        """Return Stripe's official client, configured to call this emulator."""
        return stripe.StripeClient(
            api_key,
            base_addresses={"api": self.url, "connect": self.url, "files": self.url, "meter_events": self.url},
            stripe_account=stripe_account,
            max_network_retries=max_network_retries,
            client_id=CLIENT_ID,
            http_client=self.http_client,
        )

    def control(self, method: str, path: str, body: Json | None = None) -> Json:
        """Call the control API: `control("POST", "disputes/du_1/win")`. Raises `ControlError` if it refuses."""
        status, _, text = self._exchange(method, f"/_control/{path}", None if body is None else json.dumps(body))
        answer: Json = json.loads(text)
        if status != HTTPStatus.OK:
            raise ControlError(answer["error"]["message"])
        return answer

    def fault(self, kind: str, **options: Unpack[FaultOptions]) -> str:
        """Add a fault and return its id. It applies from the `nth` match on, `times` times (0: always).

        On calls (`method`, `path` with `*`): `slow`, `slow_after_effect`, `cut_before_effect`, `cut_after_effect`,
        `status` (nothing is done and no key saves the answer), `500_saved`, `500_after_effect`, `error` and
        `error_saved`. The last two return any error, by `status`, `type`, `code`, `param`, `message` and
        `decline_code`; a key saves the answer of `error_saved`, but not that of `error`.
        `other_mode`: the answer's `livemode` is the wrong one.
        On webhooks (`event` with `*`): `webhook_duplicate`, `webhook_delay`, `webhook_hold`, `webhook_shuffle`,
        `webhook_drop`, `webhook_other_mode`.
        """
        identifier: str = self.control("POST", "faults", {"kind": kind, **options})["id"]
        return identifier

    def restrict(self, account: str = "platform", disabled_reason: str = "requirements.past_due") -> None:
        """Forbid an account to charge; a connected one for one of Stripe's reasons."""
        self.control("POST", f"accounts/{account}/restrict", {"disabled_reason": disabled_reason})

    def unrestrict(self, account: str = "platform") -> None:
        """Allow an account to charge again."""
        self.control("POST", f"accounts/{account}/unrestrict")

    def empty_balance(self, account: str) -> None:
        """Leave a connected account without the money for its refunds: they wait."""
        self.control("POST", f"accounts/{account}/empty")

    def fill_balance(self, account: str) -> None:
        """Give a connected account the money that its refunds wait for."""
        self.control("POST", f"accounts/{account}/fill")

    def expire_key(self, key: str = SECRET_KEY) -> None:
        """Expire a key, as rolling it in the dashboard does."""
        self.control("POST", f"keys/{key}/expire")

    def restore_key(self, key: str = SECRET_KEY) -> None:
        """Let an expired key work again."""
        self.control("POST", f"keys/{key}/restore")

    def clear_faults(self) -> None:
        """Cancel every fault."""
        self.control("DELETE", "faults")

    def reset(self) -> None:
        """Clear everything: objects, keys, events, faults, calls, and the clock's offset."""
        self.control("POST", "reset")

    def calls(self, method: str = "", path: str = "") -> list[Json]:
        """Return the API calls received, oldest first: method, path, params, account, idempotency_key, status, ..."""
        calls: list[Json] = self.control("GET", "calls")["data"]
        return [call for call in calls if call["method"].startswith(method) and call["path"].startswith(path)]

    def objects(self, kind: str, account: str | None = None) -> list[Json]:
        """Return all objects of a kind (`customer`, `refund`, ...), oldest first, each with its `account`."""
        query = f"?{urlencode({'account': account})}" if account else ""
        found: list[Json] = self.control("GET", f"objects/{kind}{query}")["data"]
        return found

    def charges(self, payment_intent: str | None = None, *, status: str = "succeeded") -> list[Json]:
        """Return the charges with one status (`""`: any), of one payment intent or of all."""
        return [
            charge
            for charge in self.objects("charge")
            if payment_intent in (None, charge["payment_intent"]) and status in ("", charge["status"])
        ]

    def events(self, type: str = "") -> list[Json]:
        """Return the events of one type, or all, oldest first."""
        return [event for event in self.objects("event") if event["type"].startswith(type)]

    def authenticate(self, intent: str, outcome: Literal["succeed", "fail"] = "succeed") -> Json:
        """Complete or fail the 3-D Secure challenge of a payment or setup intent, as the cardholder would."""
        return self.control("POST", f"{_plural(intent)}/{intent}/authenticate", {"outcome": outcome})

    def settle(self, intent: str, outcome: Literal["succeed", "fail"] = "succeed") -> Json:
        """Settle a payment that is processing, now."""
        return self.control("POST", f"payment_intents/{intent}/settle", {"outcome": outcome})

    def open_dispute(self, charge_or_intent: str, *, reason: str = "fraudulent", amount: int | None = None) -> Json:
        """Dispute a charge, as the cardholder would."""
        body = {"reason": reason} | ({"amount": amount} if amount else {})
        return self.control("POST", f"{_plural(charge_or_intent)}/{charge_or_intent}/dispute", body)

    def close_dispute(self, dispute: str, outcome: Literal["win", "lose"]) -> Json:
        """Decide a dispute, as the bank would."""
        return self.control("POST", f"disputes/{dispute}/{outcome}")

    def refund_in_dashboard(self, charge_or_intent: str, amount: int | None = None) -> Json:
        """Refund a charge outside of the API."""
        body = {"amount": amount} if amount else {}
        return self.control("POST", f"{_plural(charge_or_intent)}/{charge_or_intent}/refund", body)

    def fail_refund(self, refund: str) -> Json:
        """Let a refund fail, as the bank would."""
        return self.control("POST", f"refunds/{refund}/fail")

    def move_clock(self, offset_seconds: float, *, webhook_timestamps: bool = False) -> None:
        """Set how far the emulator's clock is ahead of the machine's."""
        self.control("POST", "clock", {"offset_seconds": offset_seconds, "webhook_timestamps": webhook_timestamps})

    def webhooks(self, type: str = "") -> list[Json]:
        """Return the deliveries of webhooks: event, type, state, attempts (each with its status), account."""
        deliveries: list[Json] = self.control("GET", "webhooks")["data"]
        return [delivery for delivery in deliveries if delivery["type"].startswith(type)]

    def release_webhooks(self) -> int:
        """Send the webhooks that a `webhook_hold` fault held back; return how many."""
        return int(self.control("POST", "webhooks/release")["released"])

    def send_webhook(self, event: str) -> None:
        """Send an event again, now."""
        self.control("POST", f"webhooks/{event}/send")

    def wait_for_webhooks(self, timeout_seconds: float = 30) -> None:
        """Wait until nothing is left to send, except held and dropped webhooks."""
        wait_until(lambda: all(d["state"] != "pending" for d in self.webhooks()), timeout_seconds)

    def connect_account(self, name: str = "Example Agency", id: str | None = None, controlled_by: str = "") -> Json:
        """Connect an account without OAuth's page; return its id, secret_key and publishable_key.

        One that is `controlled_by` another platform exists and cannot be connected.
        """
        wanted = {"name": name, "id": id, "controlled_by": controlled_by}
        return self.control("POST", "accounts", {field: value for field, value in wanted.items() if value})

    def disconnect_account(self, account: str) -> None:
        """Revoke the platform's access to an account, as its owner would in the dashboard."""
        self.control("POST", f"accounts/{account}/disconnect")

    def onboard(self, link_url: str, decision: Literal["approve", "submit", "save"] = "approve") -> str:
        """Open an account link and press its button; return the URL that the browser is sent to.

        `approve` submits the form, and Stripe is content; after `submit` Stripe still checks; `save` leaves it for
        later.
        """
        path = link_url.removeprefix(self.url)
        status, headers, text = self._exchange("GET", path, None)
        visit = re.search(r'name="visit" value="(\w+)"', text)
        if visit:
            form = urlencode({"visit": visit[1], "decision": decision})
            status, headers, text = self._exchange("POST", path, form, FORM)
        if status != HTTPStatus.SEE_OTHER:
            raise ControlError(text)
        return headers["Location"]

    def answer_oauth(
        self, authorize_url: str, decision: Literal["approve", "deny"] = "approve", *, account: str = "", name: str = ""
    ) -> str:
        """Press Approve or Deny on the page of `authorize_url`; return the URL that the browser is sent to."""
        query = authorize_url.partition("?")[2]
        form = f"{query}&{urlencode({'decision': decision, 'account': account, 'name': name})}"
        status, headers, text = self._exchange("POST", "/oauth/authorize", form, FORM)
        if status != HTTPStatus.SEE_OTHER:
            raise ControlError(text)
        return headers["Location"]

    def _exchange(
        self, method: str, path: str, body: str | None, content_type: str = "application/json"
    ) -> tuple[int, dict[str, str], str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body, {"Content-Type": content_type})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read().decode()


def wait_until(condition: Callable[[], bool], timeout_seconds: float = 30) -> None:
    """Wait until a condition is true. Raises TimeoutError if it is not true in time."""
    for _ in _ticks(timeout_seconds):
        if condition():
            return
    raise TimeoutError(f"waited {timeout_seconds} s in vain")


def _ticks(timeout_seconds: float) -> Iterator[None]:
    end = time.monotonic() + timeout_seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.02)


def _plural(identifier: str) -> str:
    prefixes = {"pi": "payment_intents", "seti": "setup_intents", "ch": "charges"}
    return prefixes[identifier.partition("_")[0]]
