"""The secret that the functions read: it has to exist before the first deployment."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from infrastructure.deploy import console
from infrastructure.deploy.account import Account
from infrastructure.deploy.stacks import Stack

PARAMETER: Final = "SecretName"


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
        raise NoSecret(f"the secret {name} does not exist: python -m ops secrets create {name}")
    console.out.print(f"\n[bold]The secret {name} does not exist.[/] It is created now, with Stripe's keys.")
    if subprocess.run([sys.executable, "-m", "ops", "secrets", "create", name], check=False).returncode:
        raise NoSecret(f"the secret {name} was not created")


def _name(declared: Mapping[str, Any], chosen: Sequence[Mapping[str, Any]], stack: Stack | None) -> str:
    for choice in chosen:
        if choice["ParameterKey"] == PARAMETER and "ParameterValue" in choice:
            return str(choice["ParameterValue"])
    if stack and PARAMETER in stack.parameters:
        return stack.parameters[PARAMETER]
    return str(declared.get(PARAMETER, {}).get("Default", ""))


def _exists(account: Account, name: str) -> bool:
    """Tell whether a secret exists. Raises NoSecret for one that is about to be deleted: nobody can read it."""
    try:
        found = account.secrets.describe_secret(SecretId=name)
    except account.secrets.exceptions.ResourceNotFoundException:
        return False
    if found.get("DeletedDate"):
        raise NoSecret(
            f"the secret {name} is about to be deleted, and cannot be read. To have it back: "
            f"aws secretsmanager restore-secret --secret-id {name}"
        )
    return True
