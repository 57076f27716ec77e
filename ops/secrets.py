"""The secret of a deployment: create it, show what is in it but not its values, rotate one key after the other.

A token secret and a webhook secret are rotated by an overlap: the new one becomes the first, which signs, the old one
stays valid until it is retired. Running functions take both steps by themselves, within five minutes at most.
docs/operating/secrets.md has the steps for each key, also for one that has leaked.
"""

import json
import secrets as random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, Final

import click
from rich.table import Column

from chalicelib import clock
from chalicelib.clock import DAY_LENGTH
from chalicelib.secrets import NAMES, InvalidSecrets, read_secrets
from chalicelib.settings import settings
from ops import secret_store
from ops.console import new_table, out
from ops.secret_store import SecretStoreError

SINCE: Final = "since"
"""The key in the secret that says since when each value is there, by its fingerprint. The system passes it over."""

ROTATED: Final = {
    "token-secret": "token_secret",
    "webhook-secret": "stripe_webhook_secret",
    "connect-webhook-secret": "stripe_connect_webhook_secret",
}
"""The keys of which two may be valid at once, as the command line calls them."""

SECRET_KEY: Final = ("sk_live_", "sk_test_", "rk_live_", "rk_test_")
PUBLISHABLE_KEY: Final = ("pk_live_", "pk_test_")
WEBHOOK_SECRET: Final = ("whsec_",)
FINGERPRINT_LENGTH: Final = 12

Values = dict[str, Any]

SECRET_NAME: Final = click.option("--name", help="The secret; by default that of --stack or --local.")


@click.group("secrets")
def secrets() -> None:
    """Create, show and rotate the keys of a deployment. No command prints one, or takes one as an argument."""


@secrets.command()
@click.argument("name")
@click.option("--kms-key", help="A key of your own to encrypt it with; the functions need the right to use it.")
def create(name: str, kms_key: str | None) -> None:
    """Create the secret NAME before the stack: asks for Stripe's keys, and makes the token secret itself.

    The webhooks' secrets are empty, so that all are refused, until the endpoints exist at Stripe.
    """
    secret_key = _ask("Stripe's secret key", SECRET_KEY)
    publishable_key = _ask("Stripe's publishable key", PUBLISHABLE_KEY)
    _check_same_mode(secret_key, publishable_key)
    values: Values = {
        "token_secret": random.token_urlsafe(48),
        "stripe_secret_key": secret_key,
        "stripe_publishable_key": publishable_key,
        "stripe_webhook_secret": "",
        "stripe_connect_webhook_secret": "",
    }
    with _errors():
        secret_store.create(name, dated(values, {}), kms_key_id=kms_key)
    out.print(f"{name} is there. Deploy with SecretName={name}; the platform signs its tokens with its token_secret.")


@secrets.command()
@SECRET_NAME
def show(name: str | None) -> None:
    """Show the names of the keys, their lengths, ages and fingerprints. Exits with 1 if the secret is not valid.

    The first of a key signs, an older one is still valid, and an endpoint that is closed refuses every webhook.
    """
    with _errors():
        found = secret_store.load_version(_name(name))
    since = found.values.get(SINCE, {})
    columns = [Column(name, no_wrap=True) for name in ("key", "use", "bytes", "since", "fingerprint")]
    table = new_table(*columns, title=f"{found.secret_id}, written {found.created}")
    for key in NAMES:
        texts = _texts(found.values, key)
        if not texts:
            table.add_row(key, "closed", "", "", "")
        for number, text in enumerate(texts):
            use = "older" if number else "first"
            mark = fingerprint(text)
            table.add_row(key, use, str(len(text.encode())), str(since.get(mark, "unknown"))[:DAY_LENGTH], mark)
    out.print(table)
    _check(found.values)


@secrets.group()
def rotate() -> None:
    """Put a new key before the old one, which stays valid until `retire` (Stripe's own keys: until you end them)."""


@rotate.command("token-secret")
@SECRET_NAME
def rotate_token_secret(name: str | None) -> None:
    """Make a new token secret. The platform signs with the first; tokens of the older one go on."""
    _put_first(_name(name), "token_secret", random.token_urlsafe(48))


@rotate.command("webhook-secret")
@click.option("--connect", is_flag=True, help="That of the endpoint of connected accounts.")
@SECRET_NAME
def rotate_webhook_secret(connect: bool, name: str | None) -> None:
    """Ask for the new signing secret of a webhook endpoint. Webhooks signed with either are accepted."""
    key = "stripe_connect_webhook_secret" if connect else "stripe_webhook_secret"
    _put_first(_name(name), key, _ask("The endpoint's new signing secret", WEBHOOK_SECRET))


@rotate.command("stripe-key")
@SECRET_NAME
def rotate_stripe_key(name: str | None) -> None:
    """Ask for a new secret key of the same Stripe account, and if you have one, a new publishable key.

    The system uses one at a time. Let the old one be valid at Stripe for an hour more: functions take the new one
    within five minutes, or at once when Stripe refuses the old one.
    """
    secret_key = _ask("Stripe's new secret key", SECRET_KEY)
    publishable_key = _ask("Stripe's new publishable key (Enter keeps the old one)", PUBLISHABLE_KEY, optional=True)

    def changed(values: Values) -> Values:
        new = {"stripe_secret_key": secret_key}
        if publishable_key:
            new["stripe_publishable_key"] = publishable_key
        made = dated({**values, **new}, values)
        _check_same_mode(secret_key, str(values.get("stripe_secret_key", "")), made["stripe_publishable_key"])
        return made

    _change(_name(name), changed)
    out.print("The new key is there. End the old one at Stripe in an hour.")


@secrets.command()
@click.argument("keys", nargs=-1, type=click.Choice(list(ROTATED)))
@SECRET_NAME
@click.option("--yes", is_flag=True, help="Do not ask.")
def retire(keys: tuple[str, ...], name: str | None, yes: bool) -> None:
    """Drop all but the first of the keys named, or of all: within five minutes nothing they signed is valid."""
    secret_id = _name(name)
    chosen = [ROTATED[key] for key in keys or ROTATED]
    with _errors():
        values = secret_store.load(secret_id)
    older = [f"{key} {fingerprint(text)}" for key in chosen for text in _texts(values, key)[1:]]
    if not older:
        raise click.ClickException("there is no older key")
    if not yes:
        click.confirm(f"What these have signed is refused from now on: {', '.join(older)}. Go on?", abort=True)

    def changed(now: Values) -> Values:
        # Only what was shown: a key that somebody has rotated meanwhile keeps its older one.
        kept = {key: [text for text in _texts(now, key) if f"{key} {fingerprint(text)}" not in older] for key in chosen}
        return dated({**now, **{key: _joined(texts) for key, texts in kept.items()}}, now)

    _change(secret_id, changed)
    out.print(f"Retired: {', '.join(older)}")


def fingerprint(text: str) -> str:
    """Return what tells two values apart and gives neither away: they are random, and this is part of a hash."""
    return sha256(text.encode()).hexdigest()[:FINGERPRINT_LENGTH]


def _put_first(secret_id: str, key: str, text: str) -> None:
    def changed(values: Values) -> Values:
        before = _texts(values, key)
        if text in before:
            raise click.ClickException(f"{key} has this value already")
        if len(before) > 1:
            raise click.ClickException(f"{key} has an older value already: retire it first")
        return dated({**values, key: _joined([text, *before])}, values)

    _change(secret_id, changed)
    out.print(f"{key} {fingerprint(text)} is the first now. The older one is valid until `ops secrets retire`.")


def _change(secret_id: str, changed: Callable[[Values], Values]) -> None:
    def checked(values: Values) -> Values:
        made = changed(values)
        _check(made)
        return made

    with _errors():
        secret_store.change(secret_id, checked)


def _texts(values: Mapping[str, Any], key: str) -> list[str]:
    value = values.get(key, [])
    texts = value if isinstance(value, list) else [value]
    return [text for text in texts if isinstance(text, str) and text.strip()]


def _joined(texts: list[str]) -> str | list[str]:
    return texts if len(texts) > 1 else "".join(texts)


def dated(values: Values, before: Mapping[str, Any]) -> Values:
    """Return the values with the time since which each is there; that of values before is kept."""
    known = before.get(SINCE, {})
    current = {fingerprint(text) for key in NAMES for text in _texts(values, key)}
    old = {fingerprint(text) for key in NAMES for text in _texts(before, key)}
    now = clock.iso(clock.now_ms())
    since = {mark: known.get(mark, "unknown" if mark in old else now) for mark in sorted(current)}
    return {**values, SINCE: since}


def _check(values: Mapping[str, Any]) -> None:
    try:
        read_secrets(json.dumps(dict(values)))
    except InvalidSecrets as error:
        raise click.ClickException(f"the secret is not valid: {error}") from None


def _check_same_mode(*keys: str) -> None:
    if len({"_live_" in key for key in keys if key}) > 1:
        raise click.ClickException("one key is of live mode, the other of test mode")


def _ask(question: str, begins: tuple[str, ...], *, optional: bool = False) -> str:
    """Ask for a key without showing it. Raises ClickException if it does not begin as such keys do."""
    default = "" if optional else None
    text = str(click.prompt(question, hide_input=True, default=default, show_default=False)).strip()
    if not text.startswith(begins) and not (optional and not text):
        raise click.ClickException(f"such a key begins with {' or '.join(begins)}")
    return text


def _name(name: str | None) -> str:
    return name or settings().secret_id


@contextmanager
def _errors() -> Iterator[None]:
    """Turn what goes wrong with the secret into a sentence for the command line."""
    try:
        yield
    except SecretStoreError as error:
        raise click.ClickException(str(error)) from None
