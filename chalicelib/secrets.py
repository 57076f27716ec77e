"""The keys of this deployment: the secret that token signatures rest on, Stripe's keys, and the webhooks' secrets.

They are one JSON object in Secrets Manager and in no environment variable, so they are changed without a deployment. A
process reads them on first use, and again

- after five minutes: a key that is removed from the secret is good for no longer than that;
- when a key turns out to be old: Stripe refuses it, or no known secret has made a signature. Anybody can send bad
  signatures, so that happens once in 30 seconds at most.

Where two keys must be valid at once, the secret holds a list: the first signs, and all verify. While Secrets Manager
does not answer, or what it holds is wrong, the values that were read last go on for an hour, and an alarm tells.
docs/decisions/0044-secrets-are-read-while-running.md says why.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any, Final, TypeVar

import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.clock import now_ms
from chalicelib.errors import Refusal
from chalicelib.json_input import NotJson, read_json
from chalicelib.log import log
from chalicelib.settings import settings
from chalicelib.tables import connection

MINIMUM_TOKEN_SECRET_LENGTH: Final = 32
"""Shortest token secret accepted, in bytes: RFC 7518 section 3.2 asks for a key as long as the hash of HS256."""

FRESH_MS: Final = 5 * 60 * 1000
KEPT_MS: Final = 60 * 60 * 1000
"""How long values are used without a look at the secret, and while the secret cannot be read."""

CHECK_AGAIN_MS: Final = 30 * 1000
"""Between two reads because a key seems old, and between two attempts while the last values go on."""

FIRST_AGAIN_MS: Final = 1000
"""Between two attempts in a process that has no values yet, and can do nothing without."""

UNREADABLE: Final = "the secrets cannot be read"
"""An alarm watches for this log line (infrastructure/functions.toml)."""

LISTS: Final = ("token_secret", "stripe_webhook_secret", "stripe_connect_webhook_secret")
TEXTS: Final = ("stripe_secret_key", "stripe_publishable_key")
NAMES: Final = (*LISTS, *TEXTS)
MAY_BE_EMPTY: Final = frozenset({"stripe_webhook_secret", "stripe_connect_webhook_secret"})
"""Before an endpoint exists at Stripe there is no secret of it; until then its webhooks are refused."""

AnswerT = TypeVar("AnswerT")


class SecretsUnavailable(Refusal):
    """The keys could not be read, so nobody can be authenticated, and Stripe cannot be asked. Nothing was done."""

    status = 503
    type = "keys-unavailable"
    title = "The keys of this system cannot be read"

    def __init__(self) -> None:
        super().__init__("the keys of this system cannot be read at the moment; nothing was done, try again")

    @property
    def headers(self) -> dict[str, str]:
        """Ask the client to retry soon."""
        return {"Retry-After": "5"}


class InvalidSecrets(Exception):
    """What Secrets Manager holds is not complete or not valid. The text names keys, never a value."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Secrets:
    """The keys. Of several, the first signs and all verify; an endpoint without a secret refuses every webhook."""

    token_secrets: tuple[str, ...]
    stripe_secret_key: str
    stripe_publishable_key: str
    webhook_secrets: tuple[str, ...]
    connect_webhook_secrets: tuple[str, ...]

    @property
    def token_secret(self) -> str:
        """Return the secret to sign with."""
        return self.token_secrets[0]

    def webhook_secrets_of(self, *, connect: bool) -> tuple[str, ...]:
        """Return the secrets of an endpoint: that of the connected accounts, or of the platform's own."""
        return self.connect_webhook_secrets if connect else self.webhook_secrets


def secrets() -> Secrets:
    """Return the keys. Raises SecretsUnavailable."""
    return _store().current()


def with_secrets(use: Callable[[Secrets], AnswerT], is_outdated: Callable[[Exception], bool]) -> AnswerT:
    """Call a function with the keys; once more with newer ones, if there are any and its error says that they are old.

    What it did before such an error must have had no effect. Raises SecretsUnavailable and what the function raises.
    """
    known = secrets()
    try:
        return use(known)
    except Exception as error:
        newer = _store().newer_than(known) if is_outdated(error) else None
        if newer is None:
            raise
    return use(newer)


def read_secrets(text: str) -> Secrets:
    """Read the JSON object. Raises InvalidSecrets, naming everything that is wrong with it at once."""
    try:
        found = read_json(text, dict[str, Any])
    except (NotJson, msgspec.ValidationError):
        raise InvalidSecrets("it is not a JSON object") from None
    lists = {name: _texts(found.get(name)) for name in NAMES}
    wrong = [f"{name} {problem}" for name, texts in lists.items() if (problem := _problem(name, texts))]
    if wrong:
        raise InvalidSecrets("; ".join(wrong))
    good = {name: tuple(text for text in texts or () if text) for name, texts in lists.items()}
    return Secrets(
        token_secrets=good["token_secret"],
        stripe_secret_key=good["stripe_secret_key"][0],
        stripe_publishable_key=good["stripe_publishable_key"][0],
        webhook_secrets=good["stripe_webhook_secret"],
        connect_webhook_secrets=good["stripe_connect_webhook_secret"],
    )


def _texts(value: object) -> list[str] | None:
    """Return a text as a list of one, and a list of texts as it is; None for anything else."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return None
    return [text.strip() for text in texts]


def _problem(name: str, texts: list[str] | None) -> str | None:
    if texts is None:
        return "is missing, or neither a text nor a list of texts"
    if name in TEXTS and len(texts) > 1:
        return "must be one text"
    if not any(texts) and name not in MAY_BE_EMPTY:
        return "is empty"
    if name == "token_secret" and min(len(text.encode()) for text in texts) < MINIMUM_TOKEN_SECRET_LENGTH:
        return f"must have at least {MINIMUM_TOKEN_SECRET_LENGTH} bytes, each of several"
    return None


class _Store:
    """What this process knows. One thread reads at a time; meanwhile others go on with the values that there are."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: Secrets | None = None
        self._read_at_ms = 0
        self._failed_at_ms: int | None = None
        self._checked_at_ms: int | None = None

    def current(self) -> Secrets:
        known = self._known
        if known is not None and _is_within(FRESH_MS, self._read_at_ms):
            return known
        # A process that has values never waits for another thread; one without has nothing else to do.
        if self._lock.acquire(blocking=known is None):
            try:
                if self._is_due():
                    self._read()
                known = self._known
            finally:
                self._lock.release()
        if known is None:
            raise SecretsUnavailable
        return known

    def newer_than(self, known: Secrets) -> Secrets | None:
        """Return other values than these, which seem to be old; None if there are none, or it was just checked."""
        with self._lock:
            if self._known == known and not _is_within(CHECK_AGAIN_MS, self._checked_at_ms):
                self._checked_at_ms = now_ms()
                self._read()
            return None if self._known == known else self._known

    def _is_due(self) -> bool:
        if self._known is None:
            return not _is_within(FIRST_AGAIN_MS, self._failed_at_ms)
        return not (_is_within(FRESH_MS, self._read_at_ms) or _is_within(CHECK_AGAIN_MS, self._failed_at_ms))

    def _read(self) -> None:
        try:
            answer: Mapping[str, Any] = client().get_secret_value(SecretId=settings().secret_id)
            found = read_secrets(answer.get("SecretString", ""))
        except (BotoCoreError, ClientError, InvalidSecrets) as error:
            self._failed_at_ms = now_ms()
            if not _is_within(KEPT_MS, self._read_at_ms):
                self._known = None
            log().error(UNREADABLE, reason=str(error), going_on=self._known is not None)
            return
        if self._known is not None and found != self._known:
            log().info("the secrets have changed")
        self._known, self._read_at_ms, self._failed_at_ms = found, now_ms(), None


def _is_within(span_ms: int, moment_ms: int | None) -> bool:
    """Tell whether a moment is less than this ago. One in the future is not: the clock was set back since."""
    return moment_ms is not None and 0 <= now_ms() - moment_ms < span_ms


@cache
def _store() -> _Store:
    return _Store()


@cache
def client() -> Any:
    """Return the client of Secrets Manager, made on first use from the session that DynamoDB's was made from.

    One from a session of its own takes ten times as long to make, at each cold start.
    """
    config = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})
    return connection().session.create_client("secretsmanager", config=config)


def forget() -> None:
    """Forget the keys and the client: for a process that turns to another deployment."""
    _store.cache_clear()
    client.cache_clear()
