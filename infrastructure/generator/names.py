"""Logical ids of resources, and references to them. Pure."""

from typing import Any

Document = dict[str, Any]

API = "api"
DEAD_LETTERS = "_dead_letters"


def camel(name: str) -> str:
    """Return `daily_usage` as `DailyUsage`, as Chalice names its functions."""
    return "".join(word.capitalize() for word in name.split("_"))


def function_id(name: str) -> str:
    """Return the logical id of a function. Chalice spells the id of its API handler differently."""
    return "APIHandler" if name == API else camel(name)


def log_group_id(name: str) -> str:
    """Return the logical id of a function's log group."""
    return "ApiHandlerLogGroup" if name == API else f"{camel(name)}LogGroup"


def role_id(name: str) -> str:
    """Return the logical id that Chalice gives a function's role."""
    return "ApiHandlerRole" if name == API else f"{camel(name)}Role"


def log_group_name(name: str) -> str:
    """Return the name of a function's log group, for Fn::Sub."""
    return f"/aws/lambda/${{AWS::StackName}}-{function_id(name)}"


def table_id(name: str) -> str:
    """Return the logical id of a table."""
    return f"{camel(name)}Table"


def bucket_id(name: str) -> str:
    """Return the logical id of a bucket."""
    return f"{camel(name)}Bucket"


def queue_id(name: str) -> str:
    """Return the logical id of a queue, or of a queue's dead-letter queue: `usage`, `usage_dead_letters`."""
    if name.endswith(DEAD_LETTERS):
        return f"{camel(name.removesuffix(DEAD_LETTERS))}DeadLetterQueue"
    return f"{camel(name)}Queue"


def ref(logical_id: str) -> Document:
    """Refer to a resource or a parameter."""
    return {"Ref": logical_id}


def attribute(logical_id: str, name: str = "Arn") -> Document:
    """Refer to an attribute of a resource."""
    return {"Fn::GetAtt": [logical_id, name]}


def sub(text: str) -> Document:
    """Substitute the references that a text names as `${...}`."""
    return {"Fn::Sub": text}


def number(value: int | str) -> int | Document:
    """Return a number, or a reference to the parameter that gives it."""
    return ref(value) if isinstance(value, str) else value
