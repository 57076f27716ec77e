"""An app whose answers tell what its request was."""

import time
from typing import Any

from chalice.app import Chalice, Response

app = Chalice(app_name="echo")


@app.route("/health")
def health() -> dict[str, Any]:
    """Answer."""
    return {"status": "ok"}


@app.route("/slow/{name}", methods=["POST"])
def slow(name: str) -> dict[str, Any]:
    """Answer with what was asked for, after others have had time to ask as well."""
    time.sleep(0.05)
    request = app.current_request
    assert request is not None
    body = request.raw_body
    text = body.decode() if isinstance(body, bytes) else body
    return {"name": name, "body": text, "header": request.headers["x-name"]}


@app.route("/long/{bytes_sent}")
def long(bytes_sent: str) -> Response:
    """Answer with so many bytes."""
    return Response("x" * int(bytes_sent), {"Content-Type": "text/css"})
