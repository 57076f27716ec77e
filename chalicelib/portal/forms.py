"""Read forms and addresses: text in, checked values out; an error is shown beside its field."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import inspect

from chalicelib.catalog.currency_limits import CurrencyLimits
from chalicelib.dates import read_day
from chalicelib.errors import Refusal
from chalicelib.http_input import InvalidRequest, read_value
from chalicelib.i18n.texts import mark
from chalicelib.money import InvalidDecimal, parse_micros
from chalicelib.portal.refusals import NEEDED, explain
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.typed_amount import TooManyPlaces, TypedAmount, read_amount
from chalicelib.text import AccountId, Text, WrongText

WRONG_TEXTS: Final = {
    "blank": mark("This contains no visible characters. Please enter it again."),
    "hidden": mark("This contains an invisible character. Please enter it again."),
    "length": mark("This is too long. Use at most 200 characters."),
    "shape": mark("Enter an email address such as billing@example.com."),
    "id": mark("Use only letters and numbers, with dashes or underscores between them."),
    "list": mark("Choose an option from the list."),
    "local_part": mark("Only the letters a to z work before the @ in an email address. Please enter a different one."),
}
"""What is wrong with a text, by the rule that it breaks."""


class QuantityInvalid(Refusal):
    """Not a whole number, or more than the request's type allows."""

    status = 422
    type = "quantity-invalid"
    title = "Not a number of things"

    def __init__(self, field: str, most: int) -> None:
        super().__init__(f"{field}: a whole number of at most {most}", field=field, most=most)


Errors = dict[str, str]
"""What is wrong, by the field that it is about; "" is the form as a whole."""


def amount(
    request: PortalRequest, fields: Mapping[str, str], field: str, *, places: int | None = None
) -> TypedAmount | None:
    """Return a typed amount; None for an empty field. Raises InvalidDecimal, TooManyPlaces, each with the field.

    It has at most the currency's decimals, unless more are allowed with `places`, as in the price of a unit.
    """
    text = fields.get(field)
    if text is None:
        return None
    try:
        return read_amount(text, request.currency, request.words.locale, places=places)
    except (InvalidDecimal, TooManyPlaces) as refusal:
        refusal.about["field"] = field
        raise


def from_address(request: PortalRequest, fields: Mapping[str, str], field: str) -> str:
    """Return an amount of an address (`20.00`, as links have it) as a person types it; empty if it is not an amount."""
    try:
        parse_micros(fields.get(field, ""))
    except InvalidDecimal:
        return ""
    return request.words.to_type(fields[field], request.currency)


def needs_confirmation(typed: TypedAmount, limits: CurrencyLimits) -> bool:
    """Tell whether a person must confirm an amount first: it was not read as it was typed, or it is large."""
    return not typed.is_plain or typed.micros > max(limits.top_up_shortcuts_micros, default=0)


def number(fields: Mapping[str, str], name: str, default: int = 0, *, digits: int = 5) -> int:
    """Return a whole number that is not negative. Raises InvalidRequest."""
    text = fields.get(name)
    if text is None:
        return default
    if not re.fullmatch(rf"[0-9]{{1,{digits}}}", text):
        raise InvalidRequest(f"{name} is not a number", field=name)
    return int(text)


def quantity(fields: Mapping[str, str], name: str, kind: Any) -> int:
    """Return how many there are to be, by the type that a request has for it. Raises QuantityInvalid."""
    text = fields.get(name, "0")
    try:
        found: int = read_value(int(text) if re.fullmatch("[0-9]{1,9}", text) else text, kind, name)
    except InvalidRequest:
        raise QuantityInvalid(name, inspect.type_info(kind).type.le) from None  # type: ignore[attr-defined]
    return found


def day(fields: Mapping[str, str], name: str) -> str | None:
    """Return a day; None where there is none. Raises InvalidRequest."""
    text = fields.get(name)
    return None if text is None else read_day(text, name)


def one_of(fields: Mapping[str, str], name: str, known: Iterable[str]) -> str | None:
    """Return a value that is one of a few; None for anything else."""
    text = fields.get(name)
    return text if text in set(known) else None


def wrong_text(request: PortalRequest, kind: type[Text], text: str) -> str | None:
    """Say what is wrong with a text of a kind; None if nothing is."""
    try:
        kind(text)
    except WrongText as wrong:
        rule = "id" if kind is AccountId else wrong.reason
        return request.words.say(WRONG_TEXTS[rule] if text else NEEDED)
    return None


def errors_of(request: PortalRequest, refusal: Refusal, fields: Iterable[str]) -> Errors:
    """Return the text of a refusal, by the field that it is about if the form has that field."""
    field = str(refusal.about.get("field") or "")
    return {field if field in set(fields) else "": explain(refusal, request.words, request.currency)}
