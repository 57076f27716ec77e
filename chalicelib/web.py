"""HTTP: typed requests in, JSON or problem+json out, and each operation declared for `/openapi.json`.

A route declares its body, query and answer as types; the same types check the request and describe the API. Unless an
operation is public, the caller is authenticated before anything else of the request is read: an unauthenticated request
learns nothing, and costs little.
"""

from collections.abc import Callable, Mapping
from functools import cached_property, wraps
from typing import Any, Final, Generic, TypeVar

import msgspec
from chalice.app import Blueprint, Request, Response

from chalicelib import idempotency, token
from chalicelib.errors import Refusal
from chalicelib.http_input import (
    BODY_BYTES,
    IDEMPOTENCY_KEY,
    MissingIdempotencyKey,
    check_length,
    check_media_type,
    check_path,
    read_body,
    read_query,
)
from chalicelib.idempotency import AnsweredBeforeError, Key
from chalicelib.log import log
from chalicelib.request_context import request_context
from chalicelib.secrets import with_secrets
from chalicelib.token import Caller, SignedByAnother, Unauthorized

BodyT = TypeVar("BodyT")
QueryT = TypeVar("QueryT")

JSON: Final = "application/json"
HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Problem(msgspec.Struct, omit_defaults=True):
    """An error as RFC 9457 describes it. `type` is stable; further members say what the error is about."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None


class Answer(msgspec.Struct):
    """What a view returns if the status or the headers differ from its operation's default."""

    body: Any
    status: int
    headers: dict[str, str] = {}


class Tag(msgspec.Struct, frozen=True):
    """What a group of operations is about."""

    name: str
    description: str


class Operation(msgspec.Struct, frozen=True):
    """One method on one path, as `/openapi.json` describes it.

    With `key_optional` an Idempotency-Key is needed only where money moves. A body longer than `body_bytes` is refused
    unread; with `body_optional`, none is as good as `{}`. `media_type` is that of the answer, `example` a valid body,
    and `description` is for callers of the API.
    """

    method: str
    path: str
    name: str
    summary: str
    description: str
    tag: Tag
    statuses: tuple[int, ...]
    takes: Any
    gives: Any
    query: Any
    refuses: tuple[type[Refusal], ...]
    public: bool
    idempotent: bool
    key_optional: bool
    body_bytes: int
    body_optional: bool
    media_type: str
    example: Any


class Call(Generic[BodyT, QueryT]):
    """One request. Its body and its query are read, and checked against the operation's types, on first use.

    So a view that first checks the caller's right refuses a caller without it before reading anything.
    """

    def __init__(self, request: Request, operation: Operation) -> None:
        """Authenticate the caller, unless the operation is public. Raises Unauthorized."""
        self.headers: Mapping[str, str] = request.headers
        self.used_key: Key | None = None
        self._request = request
        self._operation = operation
        self._caller = None if operation.public else caller_of(request)

    @property
    def caller(self) -> Caller:
        """Return the caller. Raises Unauthorized for a public operation, which does not read it."""
        if self._caller is None:
            raise Unauthorized("this operation does not ask who calls")
        return self._caller

    @cached_property
    def raw_body(self) -> bytes:
        """Return the body as it was sent. Raises BodyTooLarge."""
        return check_length(bytes(self._request.raw_body), self._operation.body_bytes)  # type: ignore[arg-type]

    @cached_property
    def body(self) -> BodyT:
        """Return the body. Raises BodyTooLarge, UnsupportedMediaType, MalformedJson, InvalidRequest."""
        is_left_out = self._operation.body_optional and not self.raw_body
        found: BodyT = read_body(b"{}" if is_left_out else self.json_body, self._operation.takes)
        return found

    @property
    def json_body(self) -> bytes:
        """Return the unparsed body, for a view that parses it itself. Raises BodyTooLarge, UnsupportedMediaType."""
        check_media_type(self.headers.get("content-type", JSON))
        return self.raw_body

    @cached_property
    def query(self) -> QueryT:
        """Return the query. Raises InvalidRequest."""
        found: QueryT = read_query(self._request.query_params or {}, self._operation.query)
        return found

    @property
    def idempotency_key(self) -> Key:
        """Return the Idempotency-Key header, in the caller's space. Raises MissingIdempotencyKey."""
        text = self.headers.get("idempotency-key", "")
        if not IDEMPOTENCY_KEY.fullmatch(text):
            raise MissingIdempotencyKey
        is_operator = self.caller.role == "operator"
        space, reader = ("operator", "") if is_operator else ("customer", self.caller.account_id or "")
        self.used_key = Key(text, space, keeps_answer=True, reader=reader)  # type: ignore[arg-type]
        return self.used_key

    @property
    def optional_idempotency_key(self) -> Key | None:
        """Return the Idempotency-Key header, if it was sent. Raises MissingIdempotencyKey for one that is not valid."""
        return self.idempotency_key if "idempotency-key" in self.headers else None


def caller_of(request: Request) -> Caller:
    """Return the caller of a request. Raises Unauthorized, SecretsUnavailable."""
    header = request.headers.get("authorization", "")
    if not header:
        # Whoever sends none needs no key to be refused.
        return token.read_token(header)
    return with_secrets(
        lambda known: token.read_token(header, *known.token_secrets),
        is_outdated=lambda error: isinstance(error, SignedByAnother),
    )


View = Callable[..., Any]


class Routes(Blueprint):
    """A package's routes, under its tag."""

    def __init__(self, import_name: str, tag: str, description: str) -> None:
        super().__init__(import_name)
        self.tag = Tag(tag, description)
        self.operations: list[Operation] = []

    def operation(  # noqa: PLR0913 - all keywords, most left out
        self,
        method: str,
        path: str,
        *,
        summary: str,
        description: str,
        status: int | tuple[int, ...] = 200,
        takes: Any = None,
        gives: Any = None,
        query: Any = None,
        refuses: tuple[type[Refusal], ...] = (),
        public: bool = False,
        idempotent: bool = False,
        key_optional: bool = False,
        body_bytes: int = BODY_BYTES,
        body_optional: bool = False,
        media_type: str = JSON,
        example: Any = None,
    ) -> Callable[[View], View]:
        """Declare a view: `view(call, **path parameters)` returns a value of type `gives`, an Answer, or a Response.

        The first of several statuses is the default.
        """

        def declare(view: View) -> View:
            operation = Operation(
                method=method,
                path=path,
                name=view.__name__,
                summary=summary,
                description=description,
                tag=self.tag,
                statuses=(status,) if isinstance(status, int) else status,
                takes=takes,
                gives=gives,
                query=query,
                refuses=refuses,
                public=public,
                idempotent=idempotent,
                key_optional=key_optional,
                body_bytes=body_bytes,
                body_optional=body_optional,
                media_type=media_type,
                example=example,
            )
            self._add(operation, view)
            return view

        return declare

    def _add(self, operation: Operation, view: View) -> None:
        self.operations.append(operation)

        @wraps(view)
        def answer(**parameters: str) -> Response:
            return respond(self.current_request, operation, view, parameters)

        # Chalice would answer another content type with JSON of its own; `Call.json_body` raises a refusal instead.
        self.route(operation.path, methods=[operation.method], content_types=[])(answer)


def respond(request: Request, operation: Operation, view: View, parameters: Mapping[str, str]) -> Response:
    """Call the view and present its answer; a refusal becomes a problem, anything else a logged 500."""
    with request_context(request, parameters):
        return _respond(request, operation, view, parameters)


def _respond(request: Request, operation: Operation, view: View, parameters: Mapping[str, str]) -> Response:
    try:
        call: Call[Any, Any] = Call(request, operation)
        check_path(parameters)
        response = _present(view(call, **parameters), operation)
        return _kept(response, call.used_key, parameters)
    except AnsweredBeforeError as before:
        return _answer(before.answer.status, before.answer.body)
    except Refusal as refusal:
        return problem(refusal)
    except Exception:  # noqa: BLE001 - the outermost frame: logged, counted by the 5xx alarm, and answered
        log().exception("unexpected error", operation=operation.name, **parameters)
        return problem(
            Refusal("something went wrong on our side; it has been logged, and trying again is safe"), status=500
        )


def _present(given: Any, operation: Operation) -> Response:
    if isinstance(given, Response):
        return given
    answer = given if isinstance(given, Answer) else Answer(given, operation.statuses[0])
    return _answer(answer.status, _json(answer.body) if answer.status != 204 else "", answer.headers)


def _kept(response: Response, key: Key | None, parameters: Mapping[str, str]) -> Response:
    """Store the first answer to a key, and return it. A 202 is not stored: its outcome is not known yet."""
    if key is None or response.status_code == 202:
        return response
    answer = idempotency.Answer(response.status_code, str(response.body), key.reader)
    kept = idempotency.keep_answer(parameters["account_id"], key, answer)
    return response if kept == answer else _answer(kept.status, kept.body)


def _answer(status: int, body: str, headers: Mapping[str, str] = {}) -> Response:
    return Response(body=body, status_code=status, headers={"Content-Type": JSON, **HEADERS, **headers})


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
    """Write JSON, with a newline for those who read it in a terminal."""
    return msgspec.json.encode(body).decode() + "\n"
