"""A client of the API that signs the caller's token."""

import json
import time
from dataclasses import dataclass
from typing import Any

import requests

from chalicelib.secrets import secrets
from chalicelib.token import Role, sign_token

HOUR_SECONDS = 3600
NOBODY = ""


@dataclass(frozen=True)
class Api:
    """The API at a URL. `token` makes a token from a role and an account id; the token NOBODY is not sent."""

    url: str

    def token(self, role: Role = "operator", account_id: str | None = None, *, expires_in: int = HOUR_SECONDS) -> str:
        """Return a token, as the platform signs it."""
        expires_at_ms = int((time.time() + expires_in) * 1000)
        return sign_token(secrets().token_secret, role=role, account_id=account_id, expires_at_ms=expires_at_ms)

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str
    ) -> requests.Response:
        """Send a request, by default as the operator. A body that is not bytes or text is sent as JSON."""
        token = self.token() if token is None else token
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        data = body if isinstance(body, bytes | str | None) else json.dumps(body)
        return requests.request(method, self.url + path, data=data, headers=sent, timeout=30, allow_redirects=False)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.call("GET", path, **options)

    def put(self, path: str, body: Any, **options: Any) -> requests.Response:
        return self.call("PUT", path, body, **options)

    def post(self, path: str, body: Any, **options: Any) -> requests.Response:
        return self.call("POST", path, body, **options)

    def make_account(self, account_id: str, **changes: Any) -> str:
        """Make an account, by default a workspace in US dollars; return its id."""
        fields = {"kind": "workspace", "name": "Acme", "email": "billing@acme.example", "currency": "usd", **changes}
        answer = self.put(f"/v1/accounts/{account_id}", fields)
        assert answer.status_code in {200, 201}, answer.text
        return account_id


def problem(answer: requests.Response, status: int, slug: str) -> dict[str, Any]:
    """Check that an answer is a problem of this status and type; return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"/problems/{slug}", body
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body
