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
from chalicelib.secrets import SecretsUnavailable
from chalicelib.text import whole
from chalicelib.token import Unauthorized
from chalicelib.web import JSON, Operation, Problem, Routes

VERSION: Final = "3.1.0"
REFERENCE: Final = "#/components/schemas/{name}"
RESPONSE: Final = "#/components/responses/{name}"
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


ABOUT: Final = """The prepaid wallets, payments, subscriptions and invoices of a platform's accounts.

An amount is a decimal string beside a `currency`, a time is ISO 8601 in UTC. A list is `{"data": [...], "next_cursor":
...}`; its `next_cursor` goes back as `cursor`. An error is `application/problem+json` (RFC 9457) with a stable `type`,
and names the `field` that it is about. Where money moves, an `Idempotency-Key` makes a repeat safe."""

SERVER: Final[Json] = {"url": ".", "description": "Where this description is served."}
"""Relative to the address of the description (OpenAPI 3.1.0, "Relative References in URLs")."""

PATH_NAMES: Final = {
    "account_id": ("The id that the platform gave the account when it created it.", "acme"),
    "budget_id": ("`day` or `month`, or a meter of the catalog and one of them.", "sms.month"),
    "card_id": ("The id of a card on file, from the list.", "pm_1Q2w3E"),
    "client_id": ("The id of a client, from the list of those that are to be moved.", "acme.bob"),
    "payment_id": ("The id of a payment, from the answer that made it or from the list.", "pay_019aa1b2c3d4e5f60718"),
    "transaction_id": ("The id of a transaction, from the list.", "txn_agnkdmvqaaaaaaaaaaaaaaaa"),
    "number": ("The number of an invoice or a credit note; with `.pdf` behind it, its paper.", "ACME-000042"),
    "year": ("A year in UTC; with `.zip` behind it, the file.", "2026"),
    "month": ("A month in UTC; with `.pdf` or `.csv` behind it, a file.", "2026-11"),
}
"""Descriptions of the parameters in paths, with an example of each."""

GATEWAY: Final = {
    429: "Too many requests at once: slow down and try again",
    500: "Something went wrong here (`/problems/internal-error`); it is logged, and trying again is safe",
    502: "The answer could not be passed on; the outcome is unknown, so repeat with the same Idempotency-Key",
    504: "It took too long; the outcome is unknown, so repeat with the same Idempotency-Key",
}
"""What any operation may answer: all except 500 are API Gateway's own (`GatewayResponses` in the template)."""

ANYTHING_ELSE: Final = "API Gateway refused the request before it came here, such as for its size"


def describe(blueprints: Iterable[Routes], version: str, contact: Json) -> Json:
    """Return the description of all operations of some blueprints; `contact` is OpenAPI's Contact Object."""
    operations = [operation for blueprint in blueprints for operation in blueprint.operations]
    types = [kind for operation in operations for kind in (operation.takes, operation.gives) if kind] + [Problem]
    schemas, components = msgspec.json.schema_components(types, schema_hook=_schema_of, ref_template=REFERENCE)
    schema_of = dict(zip(map(repr, types), schemas, strict=True))
    paths: dict[str, Json] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schema_of)
    return {
        "openapi": VERSION,
        "info": {
            "title": "Billing Portal",
            "version": version,
            "description": ABOUT,
            "contact": contact,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [SERVER],
        "tags": [msgspec.to_builtins(tag) for tag in dict.fromkeys(operation.tag for operation in operations)],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {name: _problem(text, schema_of) for name, text in _shared_responses().items()},
            "securitySchemes": {"token": TOKEN},
        },
    }


def _schema_of(text: Any) -> Json:
    """Return the schema of a type that msgspec does not know: one of `chalicelib.text`."""
    return dict(text.schema())


def _shared_responses() -> dict[str, str]:
    return {**{f"Status{status}": text for status, text in GATEWAY.items()}, "Other": ANYTHING_ELSE}


def _problem(text: str, schema_of: Mapping[str, Json]) -> Json:
    return {"description": text, "content": {"application/problem+json": {"schema": schema_of[repr(Problem)]}}}


def _operation(operation: Operation, schema_of: Mapping[str, Json]) -> Json:
    described: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": operation.description,
        "tags": [operation.tag.name],
        "parameters": [*_path_parameters(operation), *_query_parameters(operation), *_headers(operation)],
        "responses": _responses(operation, schema_of),
        "security": [] if operation.public else [{"token": []}],
    }
    if operation.takes:
        described["requestBody"] = {
            "description": f"At most {operation.body_bytes} bytes.",
            "required": not operation.body_optional,
            "content": {JSON: {"schema": schema_of[repr(operation.takes)], "example": operation.example}},
        }
    return described


def _path_parameters(operation: Operation) -> list[Json]:
    names = PATH_PARAMETER.findall(operation.path)
    schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_PATH_NAME}
    return [
        {"name": name, "in": "path", "required": True, "description": text, "schema": {**schema, "examples": [example]}}
        for name in names
        for text, example in [PATH_NAMES[name]]
    ]


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
        success["content"] = {operation.media_type: {"schema": schema_of[repr(operation.gives)]}}
    responses = {str(status): REDIRECT if status in REDIRECTS else success for status in operation.statuses}
    for status, refusals in sorted(_refusals(operation).items()):
        text = "; ".join(f"{refusal.title} (`/problems/{refusal.type}`)" for refusal in refusals)
        responses[str(status)] = _problem(text, schema_of)
    shared = {**{str(status): f"Status{status}" for status in GATEWAY}, "default": "Other"}
    return {**{status: {"$ref": RESPONSE.format(name=name)} for status, name in shared.items()}, **responses}


def _refusals(operation: Operation) -> dict[int, list[type[Refusal]]]:
    """Return the refusals of an operation by status: those it declares, and those that reading a request may raise."""
    refusals = list(operation.refuses)
    if not operation.public:
        refusals += [Unauthorized, SecretsUnavailable]
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
