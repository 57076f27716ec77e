"""The one door between HTTP and the verbs: typed requests in, JSON or problem+json out, each operation on record.

A route declares what it takes and gives with types; the same types check the request and make `/openapi.json`.
"""

import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, Generic, TypeVar

import msgspec
from chalice.app import Blueprint, Request, Response

from chalicelib.errors import Refusal
from chalicelib.log import log

BodyT = TypeVar("BodyT")
QueryT = TypeVar("QueryT")

IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class MalformedJson(Refusal):
    """The body is not JSON."""

    status = 400
    type = "malformed-json"
    title = "The body is not JSON"


class InvalidRequest(Refusal):
    """The body or the query breaks a rule; `field` names where."""

    status = 422
    type = "invalid-request"
    title = "The request breaks a rule"


class UnsupportedMediaType(Refusal):
    """The body is declared to be something else than JSON."""

    status = 415
    type = "unsupported-media-type"
    title = "The body must be JSON"


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


class Problem(msgspec.Struct, omit_defaults=True):
    """An error as RFC 9457 describes it. `type` is stable; further members say what the error is about."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None


class Answer(msgspec.Struct):
    """What a view gives when the status or the headers are not its operation's usual ones."""

    body: Any
    status: int
    headers: dict[str, str] = {}


class Operation(msgspec.Struct, frozen=True):
    """One method on one path, as `/openapi.json` describes it."""

    method: str
    path: str
    name: str
    summary: str
    statuses: tuple[int, ...]
    takes: Any
    gives: Any
    query: Any
    refuses: tuple[type[Refusal], ...]
    public: bool
    idempotent: bool
    key_optional: bool


class Call(Generic[BodyT, QueryT]):
    """One request, with its body and query already checked against the operation's types."""

    def __init__(self, request: Request, operation: Operation) -> None:
        self.headers: Mapping[str, str] = request.headers
        self.raw_body = bytes(request.raw_body)  # type: ignore[arg-type]
        self.body: BodyT = _decode_body(request, operation) if operation.takes else None  # type: ignore[assignment]
        self.query: QueryT = _decode_query(request, operation) if operation.query else None  # type: ignore[assignment]

    @property
    def idempotency_key(self) -> str:
        """Return the Idempotency-Key header. Raises MissingIdempotencyKey."""
        key = self.headers.get("idempotency-key", "")
        if not IDEMPOTENCY_KEY.fullmatch(key):
            raise MissingIdempotencyKey
        return key

    @property
    def optional_idempotency_key(self) -> str | None:
        """Return the Idempotency-Key header, if one was sent. Raises MissingIdempotencyKey for one that is no key."""
        return self.idempotency_key if "idempotency-key" in self.headers else None


View = Callable[..., Any]


class Routes(Blueprint):
    """A domain's routes."""

    def __init__(self, import_name: str) -> None:
        super().__init__(import_name)
        self.operations: list[Operation] = []

    def operation(  # noqa: PLR0913 - all keywords, most left out
        self,
        method: str,
        path: str,
        *,
        summary: str,
        status: int | tuple[int, ...] = 200,
        takes: Any = None,
        gives: Any = None,
        query: Any = None,
        refuses: tuple[type[Refusal], ...] = (),
        public: bool = False,
        idempotent: bool = False,
        key_optional: bool = False,
    ) -> Callable[[View], View]:
        """Declare a view: `view(call, **path parameters)` returns a value of type `gives`, an Answer, or a Response.

        Where there are several statuses, the first is the usual one. With `key_optional` an Idempotency-Key is needed
        only where money moves.
        """

        def declare(view: View) -> View:
            statuses = (status,) if isinstance(status, int) else status
            operation = Operation(
                *(method, path, view.__name__, summary, statuses, takes, gives, query, refuses, public),
                *(idempotent, key_optional),
            )
            self.operations.append(operation)

            @wraps(view)
            def answer(**parameters: str) -> Response:
                return respond(self.current_request, operation, view, parameters)

            # Chalice would answer another content type with JSON of its own; `_decode_body` answers with a problem.
            self.route(path, methods=[method], content_types=[])(answer)
            return view

        return declare


def respond(request: Request, operation: Operation, view: View, parameters: Mapping[str, str]) -> Response:
    """Call the view and present its answer; a refusal becomes a problem, anything else a logged 500."""
    try:
        given = view(Call(request, operation), **parameters)
    except Refusal as refusal:
        return problem(refusal)
    except Exception:  # noqa: BLE001 - the outermost frame: logged, counted by the 5xx alarm, and answered
        log().exception("unexpected error", operation=operation.name, **parameters)
        return problem(
            Refusal("something went wrong on our side; it has been logged, and trying again is safe"), status=500
        )
    if isinstance(given, Response):
        return given
    answer = given if isinstance(given, Answer) else Answer(given, operation.statuses[0])
    return Response(
        body=_json(answer.body) if answer.status != 204 else "",
        status_code=answer.status,
        headers={"Content-Type": "application/json", **HEADERS, **answer.headers},
    )


def problem(refusal: Refusal, status: int | None = None) -> Response:
    """Present a refusal as problem+json."""
    status = status or refusal.status
    slug, title = (refusal.type, refusal.title) if status == refusal.status else ("internal-error", "Internal error")
    body = {"type": f"/problems/{slug}", "title": title, "status": status, "detail": refusal.detail}
    return Response(
        body=_json({**refusal.about, **body}),
        status_code=status,
        headers={"Content-Type": "application/problem+json", **HEADERS, **refusal.headers},
    )


def _json(body: Any) -> str:
    """Write JSON, with a line's end for those who read it in a terminal."""
    return msgspec.json.encode(body).decode() + "\n"


def _decode_body(request: Request, operation: Operation) -> Any:
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise UnsupportedMediaType(
            f"the body is declared as {media_type!r}; send it with Content-Type: application/json"
        )
    try:
        return msgspec.json.decode(request.raw_body, type=operation.takes)
    except msgspec.ValidationError as error:
        raise invalid(error) from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise MalformedJson(f"the body is not JSON: {error}") from None


def _decode_query(request: Request, operation: Operation) -> Any:
    try:
        return msgspec.convert(dict(request.query_params or {}), operation.query, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(error) from None


def invalid(error: msgspec.ValidationError) -> InvalidRequest:
    """Turn msgspec's message into a refusal that names the field."""
    message, _, place = str(error).partition(" - at `")
    path = place.removesuffix("`").removeprefix("$").lstrip(".")
    if name := re.search(r"(?:required|unknown) field `([^`]+)`", message):
        path = f"{path}.{name.group(1)}".lstrip(".")
    return InvalidRequest(f"{path}: {message}" if path else message, field=path or None)
