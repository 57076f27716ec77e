"""The webhook endpoints that a deployment needs, and how they differ from those that Stripe has. Pure.

An endpoint is ours if its metadata has the deployment's name. Its secret is told once, when it is created, so its
metadata also has a hash of the secret, written after the secret was stored: an endpoint without it, or with the hash of
a secret that is not stored, was cut off in between, and is made anew. An endpoint's API version never changes
(docs.stripe.com/api/webhook_endpoints/update): for another one there is another endpoint, and both are valid until the
older one is retired.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final, Literal

import msgspec

Kind = Literal["platform", "connect"]
KINDS: Final[tuple[Kind, ...]] = ("platform", "connect")
PATHS: Final[dict[Kind, str]] = {"platform": "/webhooks/stripe", "connect": "/webhooks/stripe-connect"}
SECRETS: Final[dict[Kind, str]] = {
    "platform": "stripe_webhook_secret",
    "connect": "stripe_connect_webhook_secret",
}
"""The keys of the deployment's secret that hold the endpoints' signing secrets."""

ENDPOINT: Final = "endpoint"
SECRET: Final = "secret_hash"  # noqa: S105 - a name
"""Names in an endpoint's metadata, beside the deployment's."""

HASH_LENGTH: Final = 16
UNKNOWN_SECRET: Final = "its signing secret is not stored here"  # noqa: S105 - a sentence
"""Why an endpoint is outdated that can only be refused: it is deleted as soon as another one takes its place."""


class Wanted(msgspec.Struct, frozen=True):
    """An endpoint that this deployment needs; its `metadata` tells that an endpoint at Stripe is this one."""

    kind: Kind
    url: str
    events: tuple[str, ...]
    api_version: str
    metadata: Mapping[str, str]


class Endpoint(msgspec.Struct, frozen=True):
    """An endpoint at Stripe."""

    id: str
    url: str
    events: tuple[str, ...]
    api_version: str | None
    status: str
    metadata: Mapping[str, str]
    created: int

    def has_known_secret(self, hashes: Iterable[str]) -> bool:
        """Tell whether the deployment's secret has this endpoint's."""
        return self.metadata.get(SECRET) in set(hashes)


class Plan(msgspec.Struct, frozen=True):
    """What is to be done about one endpoint.

    `create` says why another one is needed. `outdated` have been replaced, or will be: with why. `strangers` have the
    same address and were made by hand.
    """

    wanted: Wanted
    current: Endpoint | None
    create: str | None
    update: Mapping[str, Any]
    outdated: tuple[tuple[Endpoint, str], ...]
    strangers: tuple[Endpoint, ...]

    @property
    def is_done(self) -> bool:
        """Tell whether Stripe has what is needed, and nothing of ours besides."""
        return not (self.create or self.update or self.outdated)


def parse_endpoint(found: Mapping[str, Any]) -> Endpoint:
    """Return an endpoint of Stripe's answer."""
    return Endpoint(
        id=found["id"],
        url=found["url"],
        events=tuple(sorted(found["enabled_events"])),
        api_version=found.get("api_version"),
        status=found["status"],
        metadata=dict(found.get("metadata") or {}),
        created=found["created"],
    )


def hash_of(secret: str) -> str:
    """Return what tells which secret an endpoint has, and does not tell the secret."""
    return sha256(secret.encode()).hexdigest()[:HASH_LENGTH]


def stored_secrets(values: Mapping[str, Any], kind: Kind) -> tuple[str, ...]:
    """Return the signing secrets of an endpoint that the deployment's secret has, the current one first."""
    found = values.get(SECRETS[kind]) or ()
    return tuple(secret for secret in ([found] if isinstance(found, str) else found) if secret)


def plan(wanted: Wanted, found: Iterable[Endpoint], secrets: Iterable[str], *, rotate: bool = False) -> Plan:
    """Return what is to be done, from the endpoints at Stripe and the secrets that are stored.

    With `rotate` there is another endpoint, with another secret, even if the one that there is serves.
    """
    hashes = {hash_of(secret) for secret in secrets}
    everything = sorted(found, key=lambda each: each.created, reverse=True)
    ours = [each for each in everything if wanted.metadata.items() <= each.metadata.items()]
    problems = [(each, _problem(each, wanted.api_version, hashes)) for each in ours]
    usable = [each for each, problem in problems if problem is None]
    current = usable[0] if usable and not rotate else None
    outdated = [(each, problem or "a newer one takes its place") for each, problem in problems if each is not current]
    return Plan(
        wanted,
        current,
        None if current else _why_another(outdated, rotate=rotate),
        _update(wanted, current) if current else {},
        tuple(outdated),
        tuple(
            each for each in everything if each.url == wanted.url and not each.metadata.keys() & wanted.metadata.keys()
        ),
    )


def _problem(endpoint: Endpoint, api_version: str, hashes: Iterable[str]) -> str | None:
    if not endpoint.has_known_secret(hashes):
        return UNKNOWN_SECRET
    if endpoint.api_version != api_version:
        return f"its events are in version {endpoint.api_version or 'of the account'} of the API, not in {api_version}"
    return None


def _why_another(outdated: Iterable[tuple[Endpoint, str]], *, rotate: bool) -> str:
    reasons = [f"{endpoint.id}: {reason}" for endpoint, reason in outdated]
    if rotate:
        return "its secret is rotated"
    return "; ".join(reasons) or "there is none"


def _update(wanted: Wanted, endpoint: Endpoint) -> dict[str, Any]:
    """Return the parameters that change an endpoint into what is wanted."""
    changes: dict[str, Any] = {}
    if endpoint.events != wanted.events:
        changes["enabled_events"] = list(wanted.events)
    if endpoint.url != wanted.url:
        changes["url"] = wanted.url
    if endpoint.status != "enabled":
        changes["disabled"] = False
    return changes


def describe_update(current: Endpoint, wanted: Wanted, update: Mapping[str, Any]) -> str:
    """Say what is wrong with an endpoint that is to be changed."""
    said = []
    if "enabled_events" in update:
        missing, extra = set(wanted.events) - set(current.events), set(current.events) - set(wanted.events)
        said += [f"lacks {', '.join(sorted(missing))}"] if missing else []
        said += [f"sends {', '.join(sorted(extra))}, which nothing here handles"] if extra else []
    if "url" in update:
        said.append(f"sends to {current.url}, not to {wanted.url}")
    if "disabled" in update:
        said.append("is disabled")
    return "; ".join(said)
