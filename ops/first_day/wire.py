"""Requests to Stripe's API in test mode, answered as they come."""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import msgspec

from chalicelib.stripe_api.client import API_VERSION

STRIPE: Final = "https://api.stripe.com"
SECONDS: Final = 30
TEST_KEYS: Final = ("sk_test_", "rk_test_")

Params = Mapping[str, Any]


class NotATestKey(Exception):
    """The key is not one of test mode: nothing is tried with it."""


class Unreachable(Exception):
    """Stripe did not answer."""


class Answer(msgspec.Struct, frozen=True):
    """Stripe's answer to a request. `replayed` tells that an idempotency key had it."""

    status: int
    body: dict[str, Any]
    replayed: bool = False

    @property
    def id(self) -> str:
        """Return the id of what was answered; empty for a refusal."""
        return str(self.body.get("id", ""))

    @property
    def is_ok(self) -> bool:
        """Tell whether the request was done."""
        return self.status == HTTPStatus.OK


class Wire:
    """The way to one Stripe account, or to an emulator of it."""

    def __init__(self, key: str, base: str = STRIPE) -> None:
        """Take a key of test mode. Raises NotATestKey."""
        if not key.startswith(TEST_KEYS):
            raise NotATestKey("it begins with none of " + ", ".join(TEST_KEYS))
        self._key = key
        self._base = base.rstrip("/")

    def call(self, method: str, path: str, params: Params | None = None, key: str | None = None) -> Answer:
        """Make a request, with an idempotency key if one is given. Raises Unreachable."""
        encoded = urlencode(list(_flat(params or {})))
        in_body = method == "POST"
        url = f"{self._base}/v1/{path}" + (f"?{encoded}" if encoded and not in_body else "")
        headers = {"Authorization": f"Bearer {self._key}", "Stripe-Version": API_VERSION}
        headers |= {"Idempotency-Key": key} if key else {}
        request = Request(url, encoded.encode() if in_body else None, headers, method=method)  # noqa: S310
        try:
            with urlopen(request, timeout=SECONDS) as response:  # noqa: S310 - an address of the operator's
                return _answer(response)
        except HTTPError as refused:
            with refused:
                return _answer(refused)
        except (URLError, OSError) as error:
            raise Unreachable(f"{self._base} does not answer: {error}") from error


def _answer(response: Any) -> Answer:
    replayed = response.headers.get("Idempotent-Replayed", "").lower() == "true"
    try:
        return Answer(response.status, json.loads(response.read()), replayed)
    except ValueError as error:
        raise Unreachable(f"{response.status} without JSON") from error


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield parameters in the form encoding of Stripe: `card[exp_year]`, `enabled_events[0]`."""
    if isinstance(value, (Mapping, list)):
        parts = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, part in parts:
            yield from _flat(part, f"{name}[{key}]" if name else str(key))
    else:
        yield name, str(value).lower() if isinstance(value, bool) else str(value)
