"""The client of Stripe: every request of the gateways goes through `ask`, which maps each error to its meaning.

Each request is made on a Stripe account. A client belongs to one Stripe account, so no request can omit it, not even
one for a further page of a list.

Only this file knows the `stripe` library's client and its exceptions. The library takes 200 ms to import, so it is
imported where it is used: functions that do not call Stripe do not pay for it.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from chalicelib.log import log
from chalicelib.secrets import SecretsUnavailable, secrets, with_secrets
from chalicelib.settings import settings
from chalicelib.stripe_api.errors import (
    NotAtStripe,
    PaymentsUnavailable,
    StripeRefused,
    StripeUnavailable,
    exception_for,
)
from chalicelib.stripe_api.meanings import Call, StripeError, meaning_of
from chalicelib.stripe_api.stripe_account import PLATFORM, StripeAccount

if TYPE_CHECKING:
    import stripe
    from stripe import HTTPClient, RequestOptions, StripeClient
    from stripe._oauth_service import OAuthService
    from stripe._v1_services import V1Services

API_VERSION: Final = "2026-10-28.endive"
"""The version that the code was written and tested against (docs.stripe.com/api/versioning)."""

CONNECT_SECONDS: Final = 2
CHARGE_SECONDS: Final = 8
READ_SECONDS: Final = 4
RETRIES: Final = 1
"""Timeouts of a call that moves money, and of one that reads. The library retries either once, with the same key. A
read and a charge, both retried, end within the 29 seconds of API Gateway."""

REFUSED: Final = "Stripe refuses to work for us"
UNCLEAR: Final = "Stripe did not answer clearly"
"""Alarms watch for these log lines (infrastructure/functions.toml)."""

THEIRS: Final = "a connected Stripe account cannot be used"
"""The log line for what the owner of a connected account has to mend: no alarm of the operator's watches for it."""

CLIENTS: Final = 256
"""Clients that are cached, of the most recently used Stripe accounts; they share their connections."""

KEY_REFUSED: Final = 401

LIVE_KEYS: Final = ("sk_live_", "rk_live_")
TEST_KEYS: Final = ("sk_test_", "rk_test_")
AnswerT = TypeVar("AnswerT")


def ask(
    call: Call, stripe_account: StripeAccount, request: Callable[["V1Services"], AnswerT], seconds: int = READ_SECONDS
) -> AnswerT:
    """Make a request on a Stripe account with a timeout, and return its answer.

    A list must be read to its end within `request`. Raises StripeUnavailable, StripeRefused, and no exception of the
    library.
    """
    return _ask(call, stripe_account, lambda client: request(client.v1), seconds)


def ask_oauth(call: Call, request: Callable[["OAuthService"], AnswerT]) -> AnswerT:
    """Make a request of Stripe's OAuth, as the platform. Raises StripeUnavailable, StripeRefused."""
    return _ask(call, PLATFORM, lambda client: request(client.oauth), CHARGE_SECONDS)


def _ask(
    call: Call, stripe_account: StripeAccount, request: Callable[["StripeClient"], AnswerT], seconds: int
) -> AnswerT:
    import stripe  # noqa: PLC0415 - see above

    api_base = settings().stripe_api_base
    try:
        return with_secrets(
            lambda known: request(_client(known.stripe_secret_key, api_base, seconds, stripe_account)), _is_key_refused
        )
    except SecretsUnavailable as error:
        raise PaymentsUnavailable("us", error.type, str(error)) from error
    except stripe.StripeError as error:
        raise _map_error(call, stripe_account, error) from error


def _is_key_refused(error: Exception) -> bool:
    """Tell whether Stripe refuses the key. It does so before it does, or remembers, anything of the request.

    So the request can be sent again with a newer key, and with the same idempotency key if it has one.
    """
    import stripe  # noqa: PLC0415 - see above

    return isinstance(error, stripe.StripeError) and (error.http_status or _status_without_answer(error)) == KEY_REFUSED


def or_none(
    call: Call, stripe_account: StripeAccount, request: Callable[["V1Services"], dict[str, Any]]
) -> dict[str, Any] | None:
    """Return what a request finds, or None if the Stripe account has no such object. Raises StripeUnavailable."""
    try:
        return ask(call, stripe_account, request)
    except NotAtStripe:
        return None


def _map_error(
    call: Call, stripe_account: StripeAccount, error: "stripe.StripeError"
) -> StripeUnavailable | StripeRefused:
    """Return the exception for an error of the library; log it as an error if the operator must act."""
    answer = _answer_of(error.json_body)
    found = StripeError(
        status=error.http_status or _status_without_answer(error),
        type=answer.get("type"),
        code=answer.get("code"),
        param=answer.get("param"),
        message=error.user_message or "",
    )
    is_connected = stripe_account != PLATFORM
    meaning = meaning_of(call, found, connected=is_connected)
    replayed = str((error.headers or {}).get("Idempotent-Replayed", "")).lower() == "true"
    mapped = exception_for(meaning, found, answer, replayed=replayed)
    if isinstance(mapped, StripeUnavailable):
        about = {"call": call, "meaning": meaning, "status": found.status, "code": found.code, "param": found.param}
        if is_connected and meaning in {"account", "access"}:
            log().warning(THEIRS, **about, stripe_account=stripe_account.id, reason=str(error))
        else:
            log().error(REFUSED if found.is_definite else UNCLEAR, **about, reason=str(error), replayed=replayed)
    return mapped


def _answer_of(body: Any) -> dict[str, Any]:
    """Return the `error` of an answer; OAuth's is a code with a description beside it."""
    found = body.get("error") if isinstance(body, dict) else None
    if isinstance(found, str):
        return {"code": found, "message": body.get("error_description")}
    return dict(found) if isinstance(found, dict) else {}


def _status_without_answer(error: "stripe.StripeError") -> int | None:
    """Return 401 for a key that the library itself refuses to send."""
    import stripe  # noqa: PLC0415 - see above

    return 401 if isinstance(error, stripe.AuthenticationError) else None


@lru_cache(maxsize=CLIENTS)
def _client(secret_key: str, api_base: str | None, seconds: int, stripe_account: StripeAccount) -> "StripeClient":
    import stripe  # noqa: PLC0415 - see above

    return stripe.StripeClient(
        secret_key,
        stripe_account=stripe_account.id,
        stripe_version=API_VERSION,
        base_addresses={"api": api_base, "connect": api_base} if api_base else {},
        max_network_retries=RETRIES,
        http_client=_http_client(seconds),
    )


@cache
def _http_client(seconds: int) -> "HTTPClient":
    import stripe  # noqa: PLC0415 - see above

    return stripe.RequestsClient(timeout=(CONNECT_SECONDS, seconds))


def idempotency_options(key: str) -> "RequestOptions":
    """Return the options of a request that takes effect once for a key."""
    return {"idempotency_key": key}


def unrepeated() -> "RequestOptions":
    """Return the options of a request that the library must not repeat by itself."""
    return {"max_network_retries": 0}


def is_live() -> bool | None:
    """Tell whether the key is of live mode; None for a key that does not say so. Raises SecretsUnavailable."""
    key = secrets().stripe_secret_key
    return True if key.startswith(LIVE_KEYS) else False if key.startswith(TEST_KEYS) else None
