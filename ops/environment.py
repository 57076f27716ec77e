"""The source of the settings: the deployed API function's own configuration, or the system on this machine."""

import json
import os
from pathlib import Path

import boto3

from chalicelib import secrets
from chalicelib.settings import settings

LOCAL = Path(__file__).resolve().parent.parent / ".local" / "environment.json"
FUNCTION = "APIHandler"


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
    """Work on a deployed stack, with the caller's own AWS credentials."""
    resource = boto3.client("cloudformation").describe_stack_resource(StackName=name, LogicalResourceId=FUNCTION)
    function = resource["StackResourceDetail"]["PhysicalResourceId"]
    configuration = boto3.client("lambda").get_function_configuration(FunctionName=function)
    _use(configuration["Environment"]["Variables"])


def _use(environment: dict[str, str]) -> None:
    os.environ.update(environment)
    settings.cache_clear()
    secrets.forget()
