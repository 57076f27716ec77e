"""Checks the parameters of a call against their shapes and converts strings to their types.

Everything refused here is refused before the call begins to execute; no idempotency key saves it.
"""

from __future__ import annotations

import re
from typing import Any

from local.stripe_emulator.errors import Json, malformed, missing_parameter, unknown_parameters
from local.stripe_emulator.lengths import too_long
from local.stripe_emulator.parameters import Field, Shape

INTEGER = re.compile(r"-?\d{1,18}")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
METADATA_KEYS = 50
METADATA_KEY_LENGTH = 40
METADATA_VALUE_LENGTH = 500
TEXT_LENGTH = 5000


def checked(raw: Json, fields: dict[str, Field], *, path: str = "") -> Json:
    """Return the parameters with their right types.

    Raises `ApiError` with Stripe's codes: `parameter_unknown`, `parameter_missing`, `parameter_invalid_integer`,
    `parameter_invalid_empty` and similar ones.
    """
    unknown = [_inside(path, name) for name in raw if name not in fields]
    if unknown:
        raise unknown_parameters(unknown)
    for name, wanted in fields.items():
        if wanted.required and name not in raw:
            raise missing_parameter(_inside(path, name))
    return {name: _value(value, fields[name].shape, _inside(path, name)) for name, value in raw.items()}


def _inside(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def _value(value: Any, shape: Shape, path: str) -> Any:
    if isinstance(value, dict):
        return _object(value, shape, path)
    if isinstance(value, list):
        return _array(value, shape, path)
    return _scalar(value, shape, path)


def _object(value: Json, shape: Shape, path: str) -> Json:
    if shape.fields is not None:
        return checked(value, shape.fields, path=path)
    if shape.values is not None:
        typed = {name: _value(item, shape.values, _inside(path, name)) for name, item in value.items()}
        return _metadata(typed) if path == "metadata" else typed
    raise malformed(f"Invalid {_noun(shape)}: {path} cannot be a hash", param=path)


def _array(value: list[Any], shape: Shape, path: str) -> list[Any]:
    if shape.items is None:
        raise malformed(f"Invalid {_noun(shape)}: {path} cannot be an array", param=path)
    return [_value(item, shape.items, _inside(path, str(index))) for index, item in enumerate(value)]


def _scalar(value: str, shape: Shape, path: str) -> Any:
    if value == "":
        return _empty(shape, path)
    if shape.boolean and value in ("true", "false"):
        return value == "true"
    if shape.integer and INTEGER.fullmatch(value):
        return int(value)
    if shape.number and NUMBER.fullmatch(value):
        return float(value)
    if value in shape.choices or (shape.text and not any(shape.choices) and len(value) <= TEXT_LENGTH):
        return value
    raise _not_allowed(value, shape, path)


def _empty(shape: Shape, path: str) -> Any:
    """Accept an empty string to unset a value, where the type allows it and within metadata; refuse it elsewhere."""
    if "" in shape.choices or shape.values is not None or path.startswith("metadata[") or "][" in path:
        return ""
    message = (
        f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a parameter; however "
        f"'{path}' cannot be unset. You should remove '{path}' from your request or supply a non-empty value."
    )
    raise malformed(message, param=path, code="parameter_invalid_empty")


def _not_allowed(value: str, shape: Shape, path: str) -> Exception:
    choices = [choice for choice in shape.choices if choice]
    if choices:
        listed = ", ".join(choices[:-1]) + f", or {choices[-1]}" if len(choices) > 1 else choices[0]
        return malformed(f"Invalid {path}: must be one of {listed}", param=path)
    if shape.integer:
        return malformed(f"Invalid integer: {value}", param=path, code="parameter_invalid_integer")
    if shape.text:
        return too_long(value, path, TEXT_LENGTH)
    return malformed(f"Invalid {_noun(shape)}: {value}", param=path)


def _noun(shape: Shape) -> str:
    nouns = {"integer": shape.integer, "boolean": shape.boolean, "array": shape.items, "number": shape.number}
    nouns |= {"object": shape.fields is not None or shape.values, "string": True}
    return next(noun for noun, holds in nouns.items() if holds)


def _metadata(metadata: Json) -> Json:
    if len(metadata) > METADATA_KEYS:
        raise malformed(f"Metadata can have at most {METADATA_KEYS} keys.", param="metadata")
    for key, value in metadata.items():
        if len(key) > METADATA_KEY_LENGTH:
            message = f"Metadata keys must be at most {METADATA_KEY_LENGTH} characters: {key}"
            raise malformed(message, param="metadata")
        if len(str(value)) > METADATA_VALUE_LENGTH:
            message = f"Metadata values must be at most {METADATA_VALUE_LENGTH} characters: {key}"
            raise malformed(message, param=f"metadata[{key}]")
    return metadata
