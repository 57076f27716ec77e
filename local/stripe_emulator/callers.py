"""The caller: its API key, and the account that the call acts on (https://docs.stripe.com/api/authentication)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from local.stripe_emulator.errors import ApiError, Json, no_access
from local.stripe_emulator.store import Store


@dataclass(frozen=True)
class Caller:
    """An API key and the account it acts on."""

    account: str
    key: str
    publishable: bool
    is_platform: bool


class Callers:
    """Identifies callers by the keys of the platform and of the connected accounts.

    Without configured keys, every `sk_test_...` and `pk_test_...` that is not a connected account's is the platform's.
    """

    def __init__(self, store: Store, platform: str, secret_key: str | None, publishable_key: str | None) -> None:
        self._store = store
        self._platform = platform
        self._secret_key = secret_key
        self._publishable_key = publishable_key
        self.expired: set[str] = set()

    def identify(self, authorization: str | None, stripe_account: str | None) -> Caller:
        """Return the caller. Raises ApiError: 401 for a bad key, 403 for an account that is not connected."""
        key = _key(authorization)
        if key in self.expired:
            raise _expired(key)
        publishable = key.startswith("pk_")
        owner = self._owner(key)
        if stripe_account is None or stripe_account == owner:
            return Caller(owner, key, publishable, owner == self._platform)
        if owner != self._platform or not self._is_connected(stripe_account):
            raise no_access(masked(key), stripe_account)
        return Caller(stripe_account, key, publishable, is_platform=True)

    def _owner(self, key: str) -> str:
        with self._store.lock:
            accounts = [account for owner, account in self._store.everywhere("account") if owner == self._platform]
        for account in accounts:
            if key in (account["_secret_key"], account["_publishable_key"]):
                return self._owner_if_connected(account, key)
            if key in account["_revoked_keys"]:
                raise _expired(key)
        if not self._is_platforms(key):
            raise _invalid(key)
        return self._platform

    def _owner_if_connected(self, account: Json, key: str) -> str:
        if not account["_connected"]:
            raise _expired(key)
        owner: str = account["id"]
        return owner

    def _is_platforms(self, key: str) -> bool:
        if key.startswith("pk_test_"):
            return self._publishable_key in (None, key)
        return key.startswith(("sk_test_", "rk_test_")) and self._secret_key in (None, key)

    def _is_connected(self, identifier: str) -> bool:
        with self._store.lock:
            account = self._store.find((self._platform, "account", identifier))
        return account is not None and bool(account["_connected"])


def _key(authorization: str | None) -> str:
    scheme, _, credentials = (authorization or "").partition(" ")
    if scheme.lower() == "bearer" and credentials:
        return credentials.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(credentials).decode().partition(":")[0] or _missing_key()
        except (binascii.Error, UnicodeDecodeError):
            return _missing_key()
    return _missing_key()


def _missing_key() -> str:
    raise ApiError(
        401,
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer "
        "auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for "
        "details, or we can help at https://support.stripe.com/.",
        begun=False,
    )


def masked(key: str) -> str:
    """Return a key as Stripe's messages show it."""
    return f"{key[:8]}{'*' * max(0, len(key) - 12)}{key[-4:]}"


def _invalid(key: str) -> ApiError:
    return ApiError(401, f"Invalid API Key provided: {masked(key)}", begun=False)


def _expired(key: str) -> ApiError:
    return ApiError(401, f"Expired API Key provided: {masked(key)}", code="api_key_expired", begun=False)
