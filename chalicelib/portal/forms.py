"""Read forms and addresses: text in, checked values out; what is wrong is told beside its field."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from chalicelib.clock import YEARS
from chalicelib.errors import Refusal
from chalicelib.http_input import InvalidRequest
from chalicelib.money import InvalidDecimal
from chalicelib.portal.refusals import told
from chalicelib.portal.visit import Visit

_NUMBER: Final = re.compile(r"[0-9]{1,5}")

Errors = dict[str, str]
"""What is wrong, by the field that it is about; "" is the form as a whole."""


def amount(visit: Visit, field: str) -> str | None:
    """Return a typed amount as a decimal string; None for an empty field. Raises InvalidDecimal with the field."""
    text = visit.form.get(field)
    if text is None:
        return None
    try:
        return visit.words.read_amount(text)
    except InvalidDecimal as refusal:
        refusal.about["field"] = field
        raise


def number(fields: Mapping[str, str], name: str, default: int = 0) -> int:
    """Return a whole number that is not negative. Raises InvalidRequest."""
    text = fields.get(name)
    if text is None:
        return default
    if not _NUMBER.fullmatch(text):
        raise InvalidRequest(f"{name} is not a number", field=name)
    return int(text)


def day(fields: Mapping[str, str], name: str) -> str | None:
    """Return a day; None where there is none. Raises InvalidRequest."""
    text = fields.get(name)
    if text is None:
        return None
    try:
        found = date.fromisoformat(text[:10])
    except ValueError:
        raise InvalidRequest(f"{name} is not a day", field=name) from None
    if found.year not in YEARS:
        raise InvalidRequest(f"{name} is not a day of our time", field=name)
    return found.isoformat()


def one_of(fields: Mapping[str, str], name: str, known: Iterable[str]) -> str | None:
    """Return a value that is one of a few; None for anything else."""
    text = fields.get(name)
    return text if text in set(known) else None


def errors_of(visit: Visit, refusal: Refusal, fields: Iterable[str]) -> Errors:
    """Say what a refusal means, beside the field that it is about if the form has that."""
    field = str(refusal.about.get("field") or "")
    return {field if field in set(fields) else "": told(refusal, visit.words, visit.currency)}
