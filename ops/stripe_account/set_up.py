"""Carry out what the plans say: make, change and retire endpoints, and keep their signing secrets.

The order is what makes it safe to cut off: an endpoint is created, its secret is stored, and only then does the
endpoint's metadata say so. Nothing is deleted before what takes its place is there with its secret.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chalicelib.settings import settings
from chalicelib.stripe_api.client import API_VERSION
from chalicelib.stripe_api.deployment import metadata
from chalicelib.webhooks.receive import event_types
from ops import secret_store
from ops.secrets import dated
from ops.stripe_account import gateway
from ops.stripe_account.endpoints import (
    ENDPOINT,
    KINDS,
    PATHS,
    SECRETS,
    UNKNOWN_SECRET,
    Endpoint,
    Kind,
    Plan,
    Wanted,
    describe_update,
    hash_of,
    plan,
    stored_secrets,
)

Say = Callable[[str], None]


def read_plans(values: Mapping[str, Any], *, rotate: bool = False) -> list[Plan]:
    """Compare what is needed with Stripe and with the values of the secret. Raises StripeUnavailable."""
    found = gateway.list_endpoints()
    return [plan(each, found, stored_secrets(values, each.kind), rotate=rotate) for each in wanted_endpoints()]


def wanted_endpoints() -> tuple[Wanted, ...]:
    """Return the endpoints that this deployment needs."""
    base = settings().portal_base_url.rstrip("/")
    return tuple(
        Wanted(
            kind,
            base + PATHS[kind],
            event_types(connect=kind == "connect"),
            API_VERSION,
            metadata(**{ENDPOINT: kind}),
        )
        for kind in KINDS
    )


def describe(planned: Plan) -> list[str]:
    """Say what is to be done about an endpoint."""
    kind, said = f"Endpoint for {planned.wanted.kind} events", []
    if planned.create:
        said.append(f"{kind}: is to be created at {planned.wanted.url} ({planned.create}).")
    if planned.current and planned.update:
        problems = describe_update(planned.current, planned.wanted, planned.update)
        said.append(f"{kind}: {planned.current.id} is to be changed: it {problems}.")
    said += [f"{kind}: {endpoint.id} is outdated: {reason}." for endpoint, reason in planned.outdated]
    if planned.is_done and planned.current:
        said.append(f"{kind}: {planned.current.id} is as it must be.")
    return said + [
        f"{kind}: {stranger.id} has the same address and was not made by this command. Each event comes twice, which "
        "does no harm; delete it in the dashboard once the new one works."
        for stranger in planned.strangers
    ]


def carry_out(planned: Plan, *, retire: bool, say: Say) -> None:
    """Do what a plan says. Raises StripeUnavailable, StripeRefused, SecretStoreError; to be repeated then."""
    current = planned.current
    if planned.create:
        current = _create(planned.wanted)
        say(f"created {current.id} for {planned.wanted.kind} events, and stored its signing secret")
    elif current and planned.update:
        gateway.update_endpoint(current.id, planned.update)
        say(f"changed {current.id}")
    unknown = [each for each, reason in planned.outdated if reason == UNKNOWN_SECRET]
    leaving = [each for each, _ in planned.outdated] if retire else unknown
    for each in leaving:
        gateway.delete_endpoint(each.id)
        say(f"deleted {each.id}")
    kept = [each for each, _ in planned.outdated if each not in leaving]
    if kept:
        say(f"still valid beside it: {', '.join(each.id for each in kept)}; `ops stripe setup --retire` deletes it")
    if retire and current:
        _forget_other_secrets(planned.wanted.kind, current, may_be_strangers=bool(planned.strangers), say=say)


def _create(wanted: Wanted) -> Endpoint:
    made = gateway.create_endpoint(wanted)
    _change_secrets(wanted.kind, lambda known: [made.secret, *known])
    gateway.note_stored_secret(made.endpoint.id, made.secret)
    return gateway.find_endpoint(made.endpoint.id)


def _forget_other_secrets(kind: Kind, current: Endpoint, *, may_be_strangers: bool, say: Say) -> None:
    """Drop the secrets behind the current endpoint's. Those of endpoints that were made by hand may still be needed.

    One before it is newer: somebody has rolled the endpoint's secret at Stripe and put it there by hand.
    """
    if may_be_strangers:
        say("the other signing secrets are kept: an endpoint that was made by hand may need them")
        return

    def kept(known: Iterable[str]) -> list[str]:
        secrets = list(known)
        places = [place for place, each in enumerate(secrets) if current.has_known_secret([hash_of(each)])]
        return secrets[: places[-1] + 1] if places else secrets

    _change_secrets(kind, kept)


def _change_secrets(kind: Kind, change: Callable[[Iterable[str]], list[str]]) -> None:
    def changed(values: dict[str, Any]) -> Mapping[str, Any]:
        return dated({**values, SECRETS[kind]: change(stored_secrets(values, kind))}, values)

    secret_store.change(settings().secret_id, changed)
