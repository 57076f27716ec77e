"""The shape of an answer, and how two shapes differ. Pure.

Ids, times, amounts and texts are not compared, only that they are there and of the same type; nor is whether a field
has no value. States, codes and kinds are compared with their values.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

COMPARED: Final = frozenset(
    "object status type code decline_code param reason network_status brand result livemode cancellation_reason".split()
)
"""Fields whose values are compared."""

FREE: Final = frozenset({"metadata", "enabled_events", "payment_method_options", "use_stripe_sdk"})
"""Fields whose content is not compared: ours, or the account's own settings."""

NULL: Final = "null"
ANY: Final = "any"
NAMES: Final = {str: "text", int: "number", float: "number", bool: "yes or no", type(None): NULL}

Shape = str | list[Any] | dict[str, Any]


def shape_of(value: Any, name: str = "") -> Shape:
    """Return the shape of a value; of a list, the shape of its first item."""
    if name in FREE:
        return ANY
    if isinstance(value, Mapping):
        return {field: shape_of(item, field) for field, item in sorted(value.items())}
    if isinstance(value, list):
        return [shape_of(item) for item in value[:1]]
    if name in COMPARED and isinstance(value, (str, bool)):
        return f"={value}"
    return NAMES[type(value)]


def differences(expected: Shape, got: Shape, path: str = "") -> Iterator[str]:
    """Yield what differs, with its path."""
    if NULL in (expected, got) or ANY in (expected, got):
        return
    if isinstance(expected, dict) and isinstance(got, dict):
        yield from _of_objects(expected, got, path)
    elif isinstance(expected, list) and isinstance(got, list):
        for one, other in zip(expected, got, strict=False):
            yield from differences(one, other, f"{path}[]")
    elif expected != got:
        yield f"{path}: {_say(expected)} expected, {_say(got)} came"


def _of_objects(expected: dict[str, Any], got: dict[str, Any], path: str) -> Iterator[str]:
    for field in sorted(expected.keys() | got.keys()):
        inside = f"{path}.{field}" if path else field
        if field not in got:
            yield f"{inside} is missing"
        elif field not in expected:
            yield f"{inside} is new"
        else:
            yield from differences(expected[field], got[field], inside)


def _say(shape: Shape) -> str:
    kinds = {dict: "an object", list: "a list"}
    return kinds.get(type(shape), str(shape).removeprefix("="))
