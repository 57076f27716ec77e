"""A workspace like that of `make run`, a client of it, and their pages, without Stripe and without a server.

Each has a card, auto-pay, top-ups with their credits, a month of usage of several meters, and a session; the workspace
has a subscription and a Stripe connection, too.
"""

from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from msgspec import to_builtins

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.auto_pay import table as auto_pay
from chalicelib.cards.table import CardRow
from chalicelib.catalog.catalog import catalog
from chalicelib.connection import table as connections
from chalicelib.connection.connection import Connection
from chalicelib.ledger.post import post_one
from chalicelib.payments import table as payments
from chalicelib.payments.payment import PREFIX
from chalicelib.portal import table as sessions
from chalicelib.portal.session import LONGEST_MS, Session, id_of
from chalicelib.pricing.rebilling import Dated, Rebilling
from chalicelib.pricing.table import row_of as rebilling_row
from chalicelib.stripe_api.stripe_account import PLATFORM
from chalicelib.subscriptions import table as subscriptions
from chalicelib.subscriptions.period import first_period
from chalicelib.subscriptions.price import prices_of
from chalicelib.subscriptions.subscription import Contents, Subscription
from local.demo import ADD_ONS, DAYS, PLAN, record_day
from tests.auto_pay.build import CARD
from tests.auto_pay.build import auto_pay as auto_pay_of
from tests.auto_pay.build import payment as payment_of
from tests.build import account
from tests.doors.gateway import Answer, Request, send

STRIPE_ACCOUNT: Final = "acct_bench"
TOP_UPS: Final = 12
TOP_UP_MICROS: Final = 50_000_000
TWO_DAYS_MS: Final = 2 * 24 * 3600 * 1000


def token_of(account_id: str) -> str:
    """Return the secret of an account's session."""
    return f"the-session-of-{account_id}"


def open_customer(account_id: str, workspace_id: str | None = None, *, with_month: bool = True) -> None:
    """Make a workspace, or a client of one, with all that its overview shows."""
    accounts.create(account(account_id, workspace_id=workspace_id))
    on = PLATFORM.key if workspace_id is None else STRIPE_ACCOUNT
    CardRow(account_id, on, stripe_customer_id=f"cus_{account_id}", card=to_builtins(CARD)).save()
    auto_pay.write(auto_pay_of(account_id=account_id, threshold_micros=10_000_000), over=0)
    if workspace_id is None:
        connections.write(_connection(account_id), over=Connection(workspace_id=account_id))
        subscriptions.write(_subscription(account_id), over=None)
    else:
        rebilling_row(account_id, Rebilling((Dated(from_ms=0, value=True, set_at_ms=0, actor="owner"),))).save()
    _pay(account_id)
    if with_month:
        _use(account_id)
    _sign_in(account_id)


def _connection(account_id: str) -> Connection:
    return Connection(workspace_id=account_id, state="active", stripe_account_id=STRIPE_ACCOUNT, way="oauth")


def _subscription(account_id: str) -> Subscription:
    contents, now_ms = Contents(PLAN, ADD_ONS), clock.now_ms()
    terms = first_period(contents, prices_of(contents, "usd", catalog()), now_ms - 5 * TWO_DAYS_MS, 1)
    fields: dict[str, Any] = {"account_id": account_id, "currency": "usd", "actor": "owner", "updated_at_ms": now_ms}
    return Subscription(
        status="active", terms=terms, started_at_ms=now_ms, due_at_ms=terms.period_end_ms, version=1, **fields
    )


def _pay(account_id: str) -> None:
    """Add balance every other day, the last time yesterday."""
    for number in range(TOP_UPS):
        at_ms = clock.now_ms() - number * TWO_DAYS_MS - TWO_DAYS_MS // 2
        times = dict.fromkeys(("created_at_ms", "updated_at_ms", "state_at_ms"), at_ms)
        payment_id = f"{PREFIX}{at_ms:012x}{number:020x}"
        made: dict[str, Any] = {"account_id": account_id, "payment_id": payment_id, "kind": "top_up", **times}
        payment = payment_of(amount_micros=TOP_UP_MICROS, description="Balance added", **made)
        payments.put_new(payment)
        post_one(payment.posting())


def _use(account_id: str) -> None:
    now = clock.now()
    for day in range(DAYS, -1, -1):
        evening: datetime = min(now, (now - timedelta(days=day)).replace(hour=21, minute=0))
        with clock.moved_to(evening):
            record_day(account_id, evening, Random(day), per_day=40)


def _sign_in(account_id: str) -> None:
    now_ms = clock.now_ms()
    fields: dict[str, Any] = {"subject": None, "return_url": "https://app.example.com/settings", "locale": None}
    fields |= {"account_id": account_id, "session_id": id_of("session", token_of(account_id))}
    sessions.put(Session(role="owner", created_at_ms=now_ms, expires_at_ms=now_ms + LONGEST_MS, **fields))


def ask(account_id: str, path: str = "", cookie: str | None = None, **query: str) -> Answer:
    """Request a page of an account, with its session's cookie or another."""
    route, names = f"/portal/accounts/{{account_id}}{path}", {"account_id": account_id}
    sent = f"portal_session={token_of(account_id)}" if cookie is None else cookie
    return send(Request("GET", route, names, query, {"cookie": sent, "accept-language": "en-US"}))
