"""The API's description (OpenAPI 3.1), made from the same types that check requests and shape answers."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from chalicelib.errors import Refusal
from chalicelib.http_input import (
    IDEMPOTENCY_KEY,
    LONGEST_PATH_NAME,
    BodyTooLarge,
    InvalidRequest,
    MalformedJson,
    MissingIdempotencyKey,
    NothingThere,
    UnsupportedMediaType,
)
from chalicelib.text import whole
from chalicelib.token import Unauthorized
from chalicelib.web import Operation, Problem, Routes

VERSION: Final = "3.1.0"
REFERENCE: Final = "#/components/schemas/{name}"
PATH_PARAMETER: Final = re.compile(r"{(\w+)}")
REDIRECTS: Final = range(300, 400)


Json = dict[str, Any]

REDIRECT: Final[Json] = {
    "description": "It is elsewhere",
    "headers": {"Location": {"description": "Where it is.", "required": True, "schema": {"type": "string"}}},
}

TOKEN: Final[Json] = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": (
        "Signed by the platform. The role `operator` may do everything; `producer` sends usage and asks for access, of "
        "any account; `owner` acts for its account and its clients; `viewer` only reads."
    ),
}


def describe(blueprints: Iterable[Routes], version: str) -> Json:
    """Return the description of all operations of some blueprints."""
    operations = [operation for blueprint in blueprints for operation in blueprint.operations]
    types = [kind for operation in operations for kind in (operation.takes, operation.gives) if kind] + [Problem]
    schemas, components = msgspec.json.schema_components(types, schema_hook=_schema_of, ref_template=REFERENCE)
    schema_of = dict(zip(map(repr, types), schemas, strict=True))
    paths: dict[str, Json] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schema_of)
    return {
        "openapi": VERSION,
        "info": {"title": "Billing Portal", "version": version, "license": {"name": "MIT", "identifier": "MIT"}},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": TOKEN},
        },
    }


def _schema_of(text: Any) -> Json:
    """Return the schema of a type that msgspec does not know: one of `chalicelib.text`."""
    return dict(text.schema())


def _operation(operation: Operation, schema_of: Mapping[str, Json]) -> Json:
    described: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_path_parameters(operation), *_query_parameters(operation), *_headers(operation)],
        "responses": _responses(operation, schema_of),
        "security": [] if operation.public else [{"token": []}],
    }
    if operation.takes:
        described["requestBody"] = {
            "description": f"At most {operation.body_bytes} bytes.",
            "required": True,
            "content": {"application/json": {"schema": schema_of[repr(operation.takes)]}},
        }
    return described


def _path_parameters(operation: Operation) -> list[Json]:
    names = PATH_PARAMETER.findall(operation.path)
    schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_PATH_NAME}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _query_parameters(operation: Operation) -> list[Json]:
    if not operation.query:
        return []
    (schema,), components = msgspec.json.schema_components(
        [operation.query], schema_hook=_schema_of, ref_template=REFERENCE
    )
    fields = components[schema["$ref"].rpartition("/")[2]]
    return [
        {"name": name, "in": "query", "required": name in fields.get("required", ()), "schema": _without_null(field)}
        for name, field in fields["properties"].items()
    ]


def _without_null(schema: Json) -> Json:
    """Drop null from a schema: a query parameter is left out, never null."""
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    cleaned = kinds[0] if len(kinds) == 1 else schema
    return {name: value for name, value in cleaned.items() if not (name == "default" and value is None)}


def _headers(operation: Operation) -> list[Json]:
    if not operation.idempotent:
        return []
    return [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": not operation.key_optional,
            "description": "Makes a repeat safe: the same key with the same body gets the same answer."
            + (" Needed only where money moves." if operation.key_optional else ""),
            "schema": {"type": "string", "pattern": whole(IDEMPOTENCY_KEY.pattern)},
        }
    ]


def _responses(operation: Operation, schema_of: Mapping[str, Json]) -> dict[str, Json]:
    success: Json = {"description": "Done"}
    if operation.gives:
        success["content"] = {"application/json": {"schema": schema_of[repr(operation.gives)]}}
    responses = {str(status): REDIRECT if status in REDIRECTS else success for status in operation.statuses}
    for status, refusals in sorted(_refusals(operation).items()):
        responses[str(status)] = {
            "description": "; ".join(f"{refusal.title} (`/problems/{refusal.type}`)" for refusal in refusals),
            "content": {"application/problem+json": {"schema": schema_of[repr(Problem)]}},
        }
    return responses


def _refusals(operation: Operation) -> dict[int, list[type[Refusal]]]:
    """Return what an operation may refuse with, by status: what it declares, and what reading its request may raise."""
    refusals = list(operation.refuses)
    if not operation.public:
        refusals.append(Unauthorized)
    if PATH_PARAMETER.search(operation.path):
        refusals.append(NothingThere)
    if operation.takes:
        refusals += [BodyTooLarge, UnsupportedMediaType, MalformedJson, InvalidRequest]
    elif operation.query:
        refusals.append(InvalidRequest)
    if operation.idempotent:
        refusals.append(MissingIdempotencyKey)
    by_status: dict[int, list[type[Refusal]]] = {}
    for refusal in dict.fromkeys(refusals):
        by_status.setdefault(refusal.status, []).append(refusal)
    return by_status
