"""Read the path, the query and the body of a request, or refuse them. Pure.

`chalicelib.web` reads none of them before it knows the caller. Pages make the same requests with `read_fields`, so a
form cannot say what a body could not.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar, get_args

import msgspec

from chalicelib.allowed_values import allowed_values
from chalicelib.errors import Refusal
from chalicelib.json_input import NotJson, is_json, read_json
from chalicelib.money import Currency, Decimal, SignedDecimal
from chalicelib.typed import convert

T = TypeVar("T")

BODY_BYTES: Final = 64 * 1024
"""The maximum body size of an operation that sets no other: several times what any of them needs."""

LONGEST_PATH_NAME: Final = 256
LONGEST_PATH_NAME_BYTES: Final = 1_000
"""In UTF-8, as DynamoDB counts keys: a sort key has at most 1,024 bytes (Amazon DynamoDB Developer Guide, "Quotas"), of
which a word before the name takes a few."""

PATH_NAME: Final = re.compile(rf"[^\x00-\x1f\x7f\ud800-\udfff]{{1,{LONGEST_PATH_NAME}}}")
"""What can be a name: no control characters, and no surrogates."""

HALF_CHARACTER: Final = re.compile(r"[\ud800-\udfff]")

IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


REGEX: Final = "Expected `str` matching regex "
ENUM: Final = "Invalid enum value "
RULES: Final = {repr(rule.pattern): rule for kind in (Currency, Decimal, SignedDecimal) for rule in get_args(kind)[1:]}
"""What a text must be, by the pattern that msgspec names if it is not."""


class NothingThere(Refusal):
    """The path contains a name that no object can have."""

    status = 404
    type = "not-found"
    title = "There is nothing at this address"


class BodyTooLarge(Refusal):
    """The body is longer than the operation accepts; it was not read."""

    status = 413
    type = "body-too-large"
    title = "The body is too large"

    def __init__(self, length: int, maximum: int) -> None:
        super().__init__(f"the body has {length} bytes; at most {maximum} are taken here", maximum_bytes=maximum)


class UnsupportedMediaType(Refusal):
    """The body is declared as something other than JSON."""

    status = 415
    type = "unsupported-media-type"
    title = "The body must be JSON"


class MalformedJson(Refusal):
    """The body is not JSON."""

    status = 400
    type = "malformed-json"
    title = "The body is not JSON"


class InvalidRequest(Refusal):
    """The body or the query breaks a rule; `field` says where."""

    status = 422
    type = "invalid-request"
    title = "The request breaks a rule"


class MissingIdempotencyKey(Refusal):
    """Where money moves, a request must be repeatable."""

    status = 400
    type = "idempotency-key-missing"
    title = "The Idempotency-Key header is missing"

    def __init__(self) -> None:
        super().__init__(
            "send an Idempotency-Key header of 1 to 255 visible characters; repeat it to repeat the request safely",
            header="Idempotency-Key",
        )


def check_path(parameters: Mapping[str, str]) -> None:
    """Check the names in a path. Raises NothingThere."""
    for name, value in parameters.items():
        if not PATH_NAME.fullmatch(value) or len(value.encode()) > LONGEST_PATH_NAME_BYTES:
            raise NothingThere(
                f"{name} has 1 to {LONGEST_PATH_NAME} characters of at most {LONGEST_PATH_NAME_BYTES} bytes, none of "
                "them a control character",
                field=name,
            )


def check_texts(fields: Mapping[str, str]) -> dict[str, str]:
    """Check that no field contains a lone surrogate, which cannot be stored; return the fields.

    Raises InvalidRequest.
    """
    for name, text in fields.items():
        if HALF_CHARACTER.search(name + text):
            shown = ascii(name)[1:-1]
            raise InvalidRequest(f"{shown}: is not Unicode text: half of a surrogate pair is in it", field=shown)
    return dict(fields)


def check_length(body: bytes, maximum: int = BODY_BYTES) -> bytes:
    """Return a body that is not too long. Raises BodyTooLarge."""
    if len(body) > maximum:
        raise BodyTooLarge(len(body), maximum)
    return body


def check_media_type(media_type: str) -> None:
    """Check that a body is declared as JSON. Raises UnsupportedMediaType."""
    if not is_json(media_type):
        raise UnsupportedMediaType(
            f"the body is declared as {media_type!r}; send it with Content-Type: application/json"
        )


def read_body(body: bytes, type: Any) -> Any:
    """Read a body as a value of a type. Raises MalformedJson, InvalidRequest."""
    try:
        return read_json(body, type)
    except msgspec.ValidationError as error:
        raise invalid(error, type) from None
    except NotJson as error:
        raise MalformedJson(f"the body is not JSON: {error}") from None


def read_query(query: Mapping[str, str], type: Any) -> Any:
    """Read a query as a value of a type. Raises InvalidRequest."""
    try:
        return convert(check_texts(query), type, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(error, type) from None


def read_fields(fields: Mapping[str, object], type: type[T]) -> T:
    """Make the request of a verb from the fields of a form, by the rules of its type. Raises InvalidRequest.

    Pages make requests only with this: the constructor of a type checks none of its rules.
    """
    found: T = read_value({name: value for name, value in fields.items() if value is not msgspec.UNSET}, type)
    return found


def read_value(value: object, type: Any, field: str | None = None) -> Any:
    """Read a value by the rules of a type. Raises InvalidRequest with the field that it is about."""
    try:
        return convert(value, type)
    except msgspec.ValidationError as error:
        refusal = invalid(error, type)
        raise InvalidRequest(f"{field}: {refusal.detail}", field=field) if field else refusal from None


def invalid(error: msgspec.ValidationError, type: Any) -> InvalidRequest:
    """Return the refusal for a msgspec error, with the field that it is about, and what it can be if that is a few."""
    message, _, place = str(error).partition(" - at `")
    if rule := RULES.get(message.removeprefix(REGEX)):
        message = f"{rule.description.rstrip('.')}; for example {rule.examples[0]!r}"
    path = place.removesuffix("`").removeprefix("$").lstrip(".")
    if name := re.search(r"(?:required|unknown) field `([^`]+)`", message):
        path = f"{path}.{name.group(1)}".lstrip(".")
    known = allowed_values(type, place.removesuffix("`")) if message.startswith(ENUM) else []
    if known:
        message = f"{message.removeprefix(ENUM)} is not one of: {', '.join(map(str, known))}"
    about = {"known": known} if known else {}
    return InvalidRequest(f"{path}: {message}" if path else message, field=path or None, **about)
