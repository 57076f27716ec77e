"""Builders of budgets, and the API in this process."""

from typing import Any

from chalicelib.accounts import table as accounts
from chalicelib.budgets.budget import PERCENTS, Budget, Budgets
from chalicelib.clock import now_ms, parse_iso
from chalicelib.ledger.post import post
from chalicelib.secrets import secrets
from chalicelib.token import Role, sign_token
from tests.build import account, credit, debit, unique
from tests.doors.gateway import Answer, Request, send

NOON_MS = parse_iso("2026-12-15T12:00:00.000Z")
IN_2096_MS = 4_000_000_000_000


def budget(**changes: Any) -> Budget:
    """Return a budget of $100 a month for the whole account, which tells of everything and closes nothing."""
    fields: dict[str, Any] = {
        "meter": None,
        "period": "month",
        "limit_micros": 100_000_000,
        "currency": "usd",
        "tell": PERCENTS,
        "close": False,
        "actor": "tester",
        "updated_at_ms": 0,
    }
    return Budget(**{**fields, **changes})


def budgets(*several: Budget, account_id: str = "acme", version: int = 1) -> Budgets:
    return Budgets(account_id, several, version)


def new_account(workspace_id: str | None = None, *, balance_micros: int = 1_000_000_000) -> str:
    """Make an account with a balance; return its id."""
    made = account(unique("budgeted"), workspace_id=workspace_id)
    assert accounts.create(made)
    post([credit(1, made.account_id, amount_micros=balance_micros)])
    return made.account_id


def spend(account_id: str, dollars: float, *, number: int = 1, meter: str = "sms", at_ms: int | None = None) -> None:
    """Post usage of now, or of another time."""
    amount_micros = round(dollars * 1_000_000)
    moment_ms = now_ms() if at_ms is None else at_ms
    used = debit(
        number, account_id, amount_micros=amount_micros, meter=meter, unit_price_micros=None, occurred_at_ms=moment_ms
    )
    assert len(post([used]).posted) == 1


def ask(method: str, path: str, body: bytes = b"", *, token: str | None = None, **names: str) -> Answer:
    """Send a request about an account, by default as the operator. `path` may have a query."""
    path, _, query = path.partition("?")
    return send(
        Request(
            method,
            f"/v1/accounts/{{account_id}}/{path}",
            names=names,
            query=dict(each.split("=") for each in query.split("&") if each),
            headers={"Authorization": f"Bearer {token or token_of()}", "Content-Type": "application/json"},
            body=body,
        )
    )


def token_of(role: Role = "operator", account_id: str | None = None) -> str:
    return sign_token(secrets().token_secret, role=role, account_id=account_id, expires_at_ms=IN_2096_MS)
