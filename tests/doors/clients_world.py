"""A client that has everything, most of it done by those above it; and whatever anybody sees of it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Final
from urllib.parse import urlencode

import requests
from pypdf import PdfReader

from chalicelib import clock
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import month_of, now_ms
from chalicelib.invoices.issue import issue_for
from chalicelib.ledger import statement
from chalicelib.ledger.post import post
from chalicelib.ledger.posting import Leg, Posting
from chalicelib.portal.routes import HOME
from chalicelib.portal.session import form_token
from chalicelib.token import Caller
from chalicelib.web import Operation
from local.stripe_emulator.client import Emulator
from tests.build import credit, debit
from tests.clients.build import rebill
from tests.doors import declared
from tests.doors.callers import CLIENT, OPERATIONS, STRANGER, WORKSPACE, bearer
from tests.doors.gateway import Answer, Json, Request, send
from tests.doors.logged import log_all_changes
from tests.doors.page_permissions import OF_ACCOUNTS
from tests.doors.world import Visitor
from tests.payments.payer import Payer

PRICE, COST = 24_681, 13_579
OLGA: Final = Caller("operator", None, "olga@platform.example")
JANE: Final = Caller("owner", WORKSPACE, "jane@north.example")
SECRETS: Final = {
    "the cost of one": "0.013579",
    "the cost of all": "0.027158",
    "the margin": "0.022204",
    "the workspace's balance": "7654.29",
    "the workspace's balance, as people write it": "7,654.29",
    "a person of the platform": "olga",
    "a person of the workspace": "jane",
    "what the workspace notes of the client": "owes us since May",
    "where the client may go": STRANGER,
}
Route = tuple[str, str]
PRIVATE: Final = [each for each in OPERATIONS if not each.public and "account_id" in declared.path_names(each)]
FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class World:
    """What names in paths may be: of the client, and of its workspace."""

    names: dict[str, str]
    workspace_names: dict[str, str]


def ask_api(caller: Caller, operation: Operation, names: dict[str, str]) -> Answer:
    """Call a route with a good body."""
    body = declared.sample(operation.takes) if operation.takes else {}
    return send_json(caller, (operation.method, operation.path), names, body, key=f"asked-by-{caller.role}")


def send_json(caller: Caller, route: Route, names: dict[str, str], body: Json = None, key: str = "key") -> Answer:
    """Send a request to the API."""
    method, path = route
    headers = {
        "Authorization": bearer(caller),
        "Content-Type": "application/json",
        "Idempotency-Key": f"{key}-{method}-{len(path)}",
    }
    found = {name: names[name] for name in declared.PATH_NAME.findall(path)}
    return send(Request(method, path, found, {}, headers, json.dumps(body or {}).encode()))


def do(caller: Caller, method: str, rest: str, body: Json = None, **names: str) -> Json:
    """Do something to the client over the API, which must succeed."""
    answer = send_json(caller, (method, "/v1/accounts/{account_id}" + rest), {"account_id": CLIENT, **names}, body)
    assert answer.status < 300, answer.text
    return answer.json()


def make_world(emulator: Emulator) -> World:
    """Let the client be charged, paid for, given and denied everything there is."""
    workspace, payer = Payer(WORKSPACE, emulator), Payer(CLIENT, emulator)
    workspace.save_card()
    workspace.top_up()
    workspace.connect_stripe()
    rebill(CLIENT)
    _use()
    payer.save_card()
    do(JANE, "PUT", "/move", {"to_workspace_id": STRANGER, "balance": "keep"})
    do(JANE, "PUT", "/rebilling", {"meters": {"sms": {"state": "markup", "markup": "1.5"}}, "allowance": "3"})
    paid = do(JANE, "POST", "/top-ups", {"amount": "25"})["payment"]["payment_id"]
    do(JANE, "PUT", "/auto-pay", {"enabled": True, "threshold": "5", "amount": "25"})
    do(JANE, "PUT", "/subscription", {"plan": "agency"})
    do(JANE, "DELETE", "/subscription")
    for caller in (JANE, OLGA):
        do(caller, "POST", "/adjustments", {"type": "credit", "amount": "5", "reason": "welcome"})
        refund = {"amount": "1", "reason": "goodwill"}
        do(caller, "POST", "/payments/{payment_id}/refunds", refund, payment_id=paid)
    emulator.open_dispute(payer.charges[0]["id"])
    payer.deliver("charge.dispute")
    do(JANE, "PUT", "/standing", {"standing": "suspended", "reason": SECRETS["what the workspace notes of the client"]})
    do(JANE, "POST", "/invitations")
    _switch_auto_pay_off_as_a_guest()
    log_all_changes()
    return World(_names(CLIENT, paid), _names(WORKSPACE, workspace.payment().payment_id))


def _switch_auto_pay_off_as_a_guest() -> None:
    """Let the person of the workspace open the client's own pages, and do something there."""
    link = send_json(JANE, ("POST", "/v1/portal-sessions"), {}, {"account_id": CLIENT}).json()["url"]
    opened = send(
        Request("POST", "/portal/open/{token}", {"token": link.rpartition("/")[2]}, {}, {"Content-Type": FORM})
    )
    cookie = opened.headers["set-cookie"].partition(";")[0]
    guest = Visitor(cookie, form_token(cookie.partition("=")[2]))
    assert ask_page(guest, ("POST", f"{HOME}/auto-pay"), {"account_id": CLIENT}, do="off").status == 303


def _names(account_id: str, payment_id: str) -> dict[str, str]:
    """Return what names in paths may be, of an account that has paid."""
    (newest, *_) = statement.read_history(account_id, limit=1).transactions
    number = issue_for(account_id, payment_id, catalog()).number
    names = {"account_id": account_id, "payment_id": payment_id, "number": number, "card_id": "pm_unknown"}
    month = month_of(now_ms())
    about = {"transaction_id": newest.id, "client_id": CLIENT, "incoming_id": CLIENT}
    return {**names, **about, "month": month, "year": month[:4], "budget_id": "month"}


def _use() -> None:
    """Fill the workspace's wallet, and charge both for usage at a price and a cost that nothing else has."""
    now_ms = clock.now_ms()
    post([credit(1, WORKSPACE, amount_micros=7_629_321_098, occurred_at_ms=now_ms)])
    used = [debit(each, CLIENT, amount_micros=PRICE, unit_price_micros=PRICE, occurred_at_ms=now_ms) for each in (1, 2)]
    cost = Leg(WORKSPACE, "debit", COST, COST)
    post([Posting(each.identity, each.content, (*each.legs, cost)) for each in used])


def api_answers(caller: Caller, names: dict[str, str], *, only_reads: bool = False) -> Iterator[tuple[str, str]]:
    """Call every route, those that only read first; yield its name and all that the answer says."""
    for each in sorted(PRIVATE, key=lambda operation: operation.method != "GET"):
        if each.method == "GET" or not only_reads:
            yield each.name, told(ask_api(caller, each, names))


def page_answers(visitor: Visitor, names: dict[str, str], *, only_reads: bool = False) -> Iterator[tuple[str, str]]:
    """Open every page, and then send every form; yield the route and all that the answer says."""
    for method, path in sorted(OF_ACCOUNTS, key=lambda route: (route[0] != "GET", "sign-out" in route[1])):
        if method == "GET" or not only_reads:
            yield f"{method} {path.removeprefix(HOME)}", told(ask_page(visitor, (method, path), names))


def ask_page(visitor: Visitor, route: Route, names: dict[str, str], **fields: str) -> Answer:
    """Open a page with all that can be opened on it, or send a form."""
    method, path = route
    found = {name: names[name] for name in declared.PATH_NAME.findall(path)}
    headers = {"Cookie": visitor.cookie, "Content-Type": FORM}
    if method == "GET":
        opened = {"attempt": "1", "plan": "starter", "q": "welcome", "open": f"{clock.day_of(clock.now_ms())}.sms"}
        return send(Request(method, path, found, opened, headers))
    form = urlencode({"form_token": visitor.form_token, **fields}).encode()
    return send(Request(method, path, found, {}, headers, form))


def told(answer: Answer) -> str:
    """Return all that an answer says: its headers, its text, and of a link to a document that, too."""
    location = answer.headers.get("location", "")
    document = _document(location) if "X-Amz" in location or "AWSAccessKeyId" in location else ""
    return f"{dict(answer.headers)} {answer.text} {document}"


def _document(location: str) -> str:
    content = requests.get(location, timeout=30).content
    reader = PdfReader(BytesIO(content))
    text = "".join(page.extract_text() for page in reader.pages)
    assert text
    return f"{text} {dict(reader.metadata or {})} {content.decode('latin-1')}"


def found_in(answers: Iterable[tuple[str, str]], secrets: dict[str, str]) -> dict[str, list[str]]:
    """Return which secrets which answers tell."""
    found = {name: [what for what, secret in secrets.items() if secret in text] for name, text in answers}
    assert found
    return {name: whats for name, whats in found.items() if whats}
