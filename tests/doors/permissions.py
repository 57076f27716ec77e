"""Who may call which route, found by calling each. `python -m tests.doors.permissions` writes docs/permissions.md anew.

A request has no more in it than it takes to be told apart: an empty body, ids of nothing. Who asks is known before the
body is read, so an answer that is about the request's content means that the caller may.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from chalicelib import api
from chalicelib.accounts.create_or_change import AccountRequest, create_or_change
from chalicelib.catalog.catalog import catalog
from chalicelib.settings import settings
from chalicelib.text import Email, Line
from chalicelib.token import Caller, sign_token
from chalicelib.web import Operation
from local.stripe_emulator.client import PUBLISHABLE_KEY, SECRET_KEY, Emulator
from tests.doors import declared
from tests.doors.gateway import Answer, Request, send
from tests.environment import use
from tests.memory import aws_in_memory
from tests.payments.payer import WEBHOOK_SECRET

FILE: Final = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"
BEGIN, END = "<!-- from the routes -->\n", "<!-- until here -->\n"

IN_2096_MS: Final = 4_000_000_000_000
WORKSPACE, CLIENT = "north", "north.salon"
SIBLING, STRANGER = "north.bakery", "south"

CALLERS: Final[dict[str, Caller | None]] = {
    "operator": Caller("operator"),
    "producer": Caller("producer"),
    "workspace's owner": Caller("owner", WORKSPACE),
    "workspace's viewer": Caller("viewer", WORKSPACE),
    "client's owner": Caller("owner", CLIENT),
    "client's viewer": Caller("viewer", CLIENT),
    "another client's owner": Caller("owner", SIBLING),
    "another workspace's owner": Caller("owner", STRANGER),
    "nobody": None,
}
ABOUT: Final = {"a workspace": WORKSPACE, "a client": CLIENT}
OPERATIONS: Final = [each for blueprint in api.BLUEPRINTS for each in blueprint.operations]

Matrix = dict[str, dict[str, list[str]]]
"""What each caller gets of each route, by what the route is about."""


def make_accounts() -> None:
    """Make two workspaces and two clients of the first."""
    for account_id, workspace_id in ((WORKSPACE, None), (STRANGER, None), (CLIENT, WORKSPACE), (SIBLING, WORKSPACE)):
        create_or_change(
            Caller("operator"),
            account_id,
            AccountRequest(
                kind="client" if workspace_id else "workspace",
                name=Line(f"{account_id.title()} Agency"),
                email=Email("kim@north.example"),
                currency="usd",
                workspace_id=workspace_id,  # type: ignore[arg-type]
            ),
            catalog(),
        )


def find_matrix() -> Matrix:
    """Call every route as everybody, about a workspace and about its client."""
    matrix: Matrix = {}
    for about, account_id in ABOUT.items():
        of_accounts = [each for each in OPERATIONS if is_about_an_account(each)]
        matrix[about] = {route_of(each): outcomes(each, account_id) for each in of_accounts}
    matrix["no account"] = {route_of(each): outcomes(each, "") for each in OPERATIONS if not is_about_an_account(each)}
    return matrix


def is_about_an_account(operation: Operation) -> bool:
    """Tell whether a route's path or body names an account."""
    return "account_id" in declared.path_names(operation) or operation.name == "create_portal_session"


def route_of(operation: Operation) -> str:
    return f"{operation.method} {operation.path}".replace("{account_id}", "{id}")


def outcomes(operation: Operation, account_id: str) -> list[str]:
    return [outcome(ask(operation, account_id, caller)) for caller in CALLERS.values()]


def ask(operation: Operation, account_id: str, caller: Caller | None) -> Answer:
    """Call a route about an account, with nothing in the request that it could do something with."""
    names = {name: account_id if name == "account_id" else "nothing" for name in declared.path_names(operation)}
    headers = {"Content-Type": "application/json", **({"Authorization": bearer(caller)} if caller else {})}
    body = {"account_id": account_id} if operation.name == "create_portal_session" else {}
    sent = json.dumps(body).encode() if operation.method in {"PUT", "POST"} else b""
    return send(Request(operation.method, operation.path, names, {}, headers, sent))


def bearer(caller: Caller) -> str:
    token = sign_token(
        settings().token_secret, role=caller.role, account_id=caller.account_id, expires_at_ms=IN_2096_MS
    )
    return f"Bearer {token}"


def outcome(answer: Answer) -> str:
    """Return `yes` if the caller may, else the status with which it is refused."""
    problem = answer.json() if answer.status >= 400 else {}
    assert answer.status < 500, answer.text
    refused = answer.status in {401, 403} or problem.get("type") == "/problems/account-not-found"
    return str(answer.status) if refused else "yes"


def section(matrix: Matrix) -> str:
    """Return the tables, as Markdown."""
    return "".join("\n".join(_table(about, rows)) + "\n" for about, rows in matrix.items()).lstrip("\n")


def _table(about: str, rows: dict[str, list[str]]) -> Iterator[str]:
    yield f"\n### About {about}\n"
    yield f"| route | {' | '.join(CALLERS)} |"
    yield f"|{'---|' * (len(CALLERS) + 1)}"
    for route, cells in rows.items():
        yield f"| `{route}` | {' | '.join(cells)} |"


def written(text: str, matrix: Matrix) -> str:
    """Return the document with its generated part made anew."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + section(matrix) + END + rest.partition(END)[2]


def stripe_environment(emulator: Emulator) -> dict[str, str]:
    return {
        "STRIPE_SECRET_KEY": SECRET_KEY,
        "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "STRIPE_API_BASE": emulator.url,
        "MAIL_FROM": "",  # a mail would not be sent: the right to ask for it is known before
    }


if __name__ == "__main__":
    with (
        aws_in_memory(),
        Emulator(webhook_secret=WEBHOOK_SECRET) as stripe,
        use(stripe_environment(stripe)),
    ):
        make_accounts()
        FILE.write_text(written(FILE.read_text(), find_matrix()))
