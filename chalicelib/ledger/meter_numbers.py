"""Rows that hold numbers for each meter, added to by concurrent commits: `sms:quantity`, `sms:count`."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action

T = TypeVar("T")

Fields = Mapping[str, str]
"""The last parts of the stored names, and the fields of a meter's value that they hold."""


def read_meters(item: Mapping[str, Any], make: Callable[[], T], fields: Fields) -> dict[str, T]:
    """Read a row's meters; `make` makes a value with nothing in it."""
    meters: dict[str, T] = {}
    for name, value in item.items():
        meter, _, part = name.rpartition(":")
        if meter and part in fields:  # what a newer version has added beside them is not this one's
            found = meters.get(meter)
            if found is None:
                found = meters[meter] = make()
            setattr(found, fields[part], int(value["N"]))
    return meters


def add_meters(meters: Mapping[str, Any], fields: Fields) -> list[Action]:
    """Return the actions that add the meters' values to those in a row."""
    return [
        Path([f"{meter}:{part}"]).add(getattr(usage, field))
        for meter, usage in meters.items()
        for part, field in fields.items()
    ]
