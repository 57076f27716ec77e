"""The source of the settings: the deployed API function's own configuration, or the system on this machine."""

import json
import os
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from msgspec.structs import fields

from chalicelib import secrets
from chalicelib.ledger.table import WalletRow
from chalicelib.settings import Settings, settings
from chalicelib.tables import raw
from infrastructure.aliases import ALIAS
from infrastructure.caller import explain
from infrastructure.generator.names import API, function_id
from ops import secret_store

LOCAL = Path(__file__).resolve().parent.parent / ".local" / "environment.json"


class NoEnvironment(Exception):
    """The system that was asked for cannot be found."""


def use_local() -> None:
    """Work on the system that `make run` has started."""
    try:
        found = json.loads(LOCAL.read_text())
    except FileNotFoundError:
        raise NoEnvironment("nothing runs on this machine: start it with make run") from None
    _use(found)


def use_stack(name: str) -> None:
    """Work on a deployed stack, with the caller's own AWS credentials. Raises NoEnvironment."""
    try:
        resource = (
            boto3.Session()
            .client("cloudformation")
            .describe_stack_resource(StackName=name, LogicalResourceId=function_id(API))
        )
        configuration = _live_configuration(resource["StackResourceDetail"].get("PhysicalResourceId", ""))
    except (BotoCoreError, ClientError) as error:
        raise NoEnvironment(f"the stack {name} cannot be read: {explain(error)}") from None
    variables = configuration.get("Environment", {}).get("Variables")
    if not variables:
        raise NoEnvironment(f"the settings of {name} cannot be read: may you use the key that encrypts them?")
    _use(variables)


def system_id() -> str:
    """Return what identifies the system: the id that AWS gave its table of wallets when it was created."""
    shared, name = raw(WalletRow)
    return str(shared.client.describe_table(TableName=name)["Table"]["TableId"])


def _live_configuration(function: str) -> Any:
    """Return the configuration that is live: after a roll back, it is not the one that was deployed last."""
    client = boto3.Session().client("lambda")
    try:
        return client.get_function_configuration(FunctionName=function, Qualifier=ALIAS)
    except client.exceptions.ResourceNotFoundException:
        return client.get_function_configuration(FunctionName=function)


def _use(environment: dict[str, str]) -> None:
    """Take all settings from there: one left in the caller's shell, such as Stripe's address, is another system's."""
    for each in fields(Settings):
        os.environ.pop(each.name.upper(), None)
    os.environ.update(environment)
    settings.cache_clear()
    secrets.forget()
    secret_store.client.cache_clear()
