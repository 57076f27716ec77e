"""The secret that the functions read: it has to exist before the first deployment."""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from infrastructure.deploy import console
from infrastructure.deploy.account import Account
from infrastructure.deploy.stacks import Stack

PARAMETER: Final = "SecretName"
TOKEN_BYTES: Final = 48
_ASKED: Final = {
    "stripe_secret_key": "Stripe's secret key (sk_test_... or sk_live_...)",
    "stripe_publishable_key": "Stripe's publishable key (pk_test_... or pk_live_...)",
}
_GENERATED: Final = ("token_secret", "stripe_webhook_secret", "stripe_connect_webhook_secret")
"""Long random texts. Those of the webhooks refuse everything until the endpoints at Stripe give the real ones."""


class NoSecret(Exception):
    """The secret does not exist, and nobody can be asked for its values."""


def require_secret(
    account: Account,
    declared: Mapping[str, Any],
    chosen: Sequence[Mapping[str, Any]],
    stack: Stack | None,
    *,
    yes: bool,
) -> None:
    """Make sure that the secret exists; ask for its values and create it if it does not. Raises NoSecret."""
    name = _name(declared, chosen, stack)
    if not name or _exists(account, name):
        return
    if yes:
        raise NoSecret(
            f"the secret {name} does not exist. Create it as docs/operating/install.md says, or run without --yes"
        )
    console.out.print(f"\n[bold]The secret {name} does not exist.[/] It is created now, with two keys of yours.")
    values: dict[str, Any] = {key: click.prompt(text, hide_input=True) for key, text in _ASKED.items()}
    values |= {key: secrets.token_urlsafe(TOKEN_BYTES) for key in _GENERATED}
    account.secrets.create_secret(Name=name, SecretString=json.dumps(values))


def _name(declared: Mapping[str, Any], chosen: Sequence[Mapping[str, Any]], stack: Stack | None) -> str:
    for choice in chosen:
        if choice["ParameterKey"] == PARAMETER and "ParameterValue" in choice:
            return str(choice["ParameterValue"])
    if stack and PARAMETER in stack.parameters:
        return stack.parameters[PARAMETER]
    return str(declared.get(PARAMETER, {}).get("Default", ""))


def _exists(account: Account, name: str) -> bool:
    try:
        account.secrets.describe_secret(SecretId=name)
    except account.secrets.exceptions.ResourceNotFoundException:
        return False
    return True
