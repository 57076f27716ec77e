"""Requests as API Gateway hands them to the function, in this process: names in the path and the query are decoded.

So what no client library and no local server would let through comes through: a lone surrogate, a line feed in a name.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app import app

Json = Any


@dataclass(frozen=True)
class Request:
    """A request for a route. `path` is the route's own, with the names in braces that `names` has the values of."""

    method: str
    path: str
    names: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> Json:
        return json.loads(self.text)


def send(request: Request) -> Answer:
    """Send a request."""
    context = {"httpMethod": request.method, "resourcePath": request.path, "path": request.path, "identity": {}}
    event = {
        "requestContext": context,
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "pathParameters": dict(request.names) or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in request.query.items()} or None,
        "stageVariables": None,
        "body": request.body,
    }
    given = app(event, None)
    several = {name: ", ".join(values) for name, values in given.get("multiValueHeaders", {}).items()}
    headers = {name.lower(): value for name, value in {**several, **given["headers"]}.items()}
    return Answer(given["statusCode"], headers, given["body"])
