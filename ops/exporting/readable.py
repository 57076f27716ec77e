"""Make stored rows readable: times as text, amounts as decimals, nested values kept. Pure.

The names follow the API's: `created_at_ms` is `created_at`, `amount_micros` is `amount`.
"""

from base64 import b64encode
from collections.abc import Collection, Mapping
from typing import Any, Final

from chalicelib.clock import iso
from chalicelib.money import format_amount, format_micros

MS: Final = "_ms"
MICROS: Final = "_micros"
QUANTITY: Final = "quantity"
UNREADABLE: Final = "unreadable"

Row = dict[str, Any]


def readable_name(name: str) -> str:
    """Return the name under which a stored attribute is exported."""
    return name.removesuffix(MS).removesuffix(MICROS)


def readable(values: Mapping[str, Any], currency: str, hidden: Collection[str] = ()) -> Row:
    """Return a row's values, or those of a value within it, as they are exported: without hidden and missing ones."""
    return {
        readable_name(name): _readable(name, value, currency, hidden)
        for name, value in values.items()
        if name not in hidden and value is not None
    }


def _readable(name: str, value: Any, currency: str, hidden: Collection[str]) -> Any:
    if isinstance(value, Mapping) and name.endswith(MICROS):
        return {each: _readable(name, of_each, currency, hidden) for each, of_each in value.items()}
    if isinstance(value, Mapping):
        return readable(value, currency, hidden)
    if isinstance(value, list | tuple):
        return [_readable(name, each, currency, hidden) for each in value]
    if isinstance(value, bytes):
        return b64encode(value).decode()
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return _readable_number(name, value, currency) if is_number else value


def _readable_number(name: str, value: float, currency: str) -> str | float:
    if name.endswith(MICROS):
        is_quantity = name.startswith(QUANTITY)
        return format_micros(int(value)) if is_quantity else format_amount(int(value), currency)
    if name.endswith(MS):
        return iso(int(value))
    return int(value) if value == int(value) else value


def unreadable(item: Mapping[str, Mapping[str, Any]], why: str, hidden: Collection[str]) -> Row:
    """Return what can be said of an item that cannot be read: each attribute as DynamoDB has it, and why."""
    found = {name: next(iter(stored.values())) for name, stored in item.items() if name not in hidden}
    plain = {name: b64encode(value).decode() if isinstance(value, bytes) else value for name, value in found.items()}
    return {**plain, UNREADABLE: why}
