"""Who may call which route of the API, found by calling each as everybody.

`python -m tests.doors.permissions` writes docs/permissions.md anew, with the pages of `page_permissions`.

A request has no more in it than it takes to be told apart: an empty body, ids of nothing. Who asks is known before the
body is read, so an answer that is about the request's content means that the caller may.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from chalicelib.token import Caller
from chalicelib.web import Operation
from local.stripe_emulator.client import Emulator
from tests.doors import declared
from tests.doors.callers import CALLERS, CLIENT, OPERATIONS, WORKSPACE, bearer, make_accounts, stripe_environment
from tests.doors.gateway import Answer, Request, send
from tests.doors.page_permissions import find_page_matrix
from tests.environment import use
from tests.memory import aws_in_memory
from tests.payments.payer import STRIPE_KEYS, WEBHOOK_SECRET

FILE: Final = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"
ROUTES: Final = ("<!-- from the routes -->\n", "<!-- until here -->\n")
PAGES: Final = ("<!-- from the pages -->\n", "<!-- until there -->\n")
ABOUT: Final = {"a workspace": WORKSPACE, "a client": CLIENT}

Row = dict[str, str]
"""What each caller gets."""

Matrix = dict[str, dict[str, Row]]
"""What each caller gets of each route, by what the route is about."""


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


def outcomes(operation: Operation, account_id: str) -> Row:
    return {name: outcome(ask(operation, account_id, caller)) for name, caller in CALLERS.items()}


def ask(operation: Operation, account_id: str, caller: Caller | None) -> Answer:
    """Call a route about an account, with nothing in the request that it could do something with."""
    names = {name: account_id if name == "account_id" else "nothing" for name in declared.path_names(operation)}
    headers = {"Content-Type": "application/json", **({"Authorization": bearer(caller)} if caller else {})}
    body = {"account_id": account_id} if operation.name == "create_portal_session" else {}
    sent = json.dumps(body).encode() if operation.method in {"PUT", "POST"} else b""
    return send(Request(operation.method, operation.path, names, {}, headers, sent))


def outcome(answer: Answer) -> str:
    """Return `yes` if the caller may, else the status with which it is refused."""
    problem = answer.json() if answer.status >= 400 else {}
    assert answer.status < 500, answer.text
    refused = answer.status in {401, 403} or problem.get("type") == "/problems/account-not-found"
    return str(answer.status) if refused else "yes"


def section(matrix: Matrix, kind: str) -> str:
    """Return the tables of routes or of pages, as Markdown."""
    return "".join("\n".join(_table(kind, about, rows)) + "\n" for about, rows in matrix.items()).lstrip("\n")


def _table(kind: str, about: str, rows: Mapping[str, Row]) -> Iterator[str]:
    columns = list(next(iter(rows.values())))
    yield f"\n### {kind.title()}s about {about}\n"
    yield f"| {kind} | {' | '.join(columns)} |"
    yield f"|{'---|' * (len(columns) + 1)}"
    for name, cells in rows.items():
        yield f"| `{name}` | {' | '.join(cells.values())} |"


def written(text: str, routes: Matrix, pages: Matrix) -> str:
    """Return the document with its generated parts made anew."""
    for (begin, end), tables in ((ROUTES, section(routes, "route")), (PAGES, section(pages, "page"))):
        before, _, rest = text.partition(begin)
        text = before + begin + tables + end + rest.partition(end)[2]
    return text


if __name__ == "__main__":
    with (
        aws_in_memory(),
        Emulator(webhook_secret=WEBHOOK_SECRET) as stripe,
        use(stripe_environment(stripe), secrets=STRIPE_KEYS),
    ):
        make_accounts()
        FILE.write_text(written(FILE.read_text(), find_matrix(), find_page_matrix()))
