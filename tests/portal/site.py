"""The running system as the platform has it: accounts, cards, usage, and links into the portal."""

import re
import urllib.request
from base64 import b64encode
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests

from chalicelib.accounts import table as accounts
from chalicelib.accounts.create_or_change import AccountRequest, create_or_change
from chalicelib.cards.card import Card
from chalicelib.cards.save_card import save_card
from chalicelib.cards.start_setup import start_setup
from chalicelib.cards.table import get_payer, put_card
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import iso, now_ms, to_ms
from chalicelib.connection import table as connections
from chalicelib.history.adjust import AdjustmentRequest, adjust
from chalicelib.idempotency import Key
from chalicelib.ledger.table import read_wallet
from chalicelib.payments import table
from chalicelib.payments.payment import Payment
from chalicelib.secrets import secrets
from chalicelib.stripe_api.stripe_account import PLATFORM
from chalicelib.text import Line
from chalicelib.token import Caller
from chalicelib.usage.record import record
from local.demo import connect_stripe
from local.system import System
from tests.build import event, sqs_record
from tests.clients.build import rebill

OPERATOR = Caller("operator", None, "operator@platform.example")
FORM_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')
_numbers = count(1)


class Site:
    """What a test needs besides a browser."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.url = system.url
        self.operator = {"Authorization": f"Bearer {system.token('operator', 'operator')}"}

    def account(self, *, balance: str = "", method: str = "pm_card_visa", **changes: Any) -> str:
        """Make an account with a balance and a card, without one if `method` is empty; return its id.

        A client with a card pays through its workspace's Stripe account.
        """
        account_id = f"person-{next(_numbers)}"
        fields: dict[str, Any] = {"kind": "workspace", "name": "Acme", "email": "a@acme.example", "currency": "usd"}
        create_or_change(OPERATOR, account_id, AccountRequest(**{**fields, **changes}), catalog())
        if balance:
            request = AdjustmentRequest("credit", balance, Line("Welcome credit"))
            adjust(
                accounts.get(account_id), request, key=Key("welcome", "operator"), actor=OPERATOR.actor_on(account_id)
            )
        if method and "workspace_id" in changes:
            self.connect(changes["workspace_id"])
        if method:
            self.save_card(account_id, method)
        return account_id

    def connect(self, workspace_id: str) -> None:
        """Connect a Stripe account to a workspace, if it has none: its clients pay through it."""
        if not connections.find(workspace_id).is_connected:
            connect_stripe(self.system, workspace_id)

    def client(self, workspace_id: str, *, balance: str = "", **changes: Any) -> str:
        """Make a client of a workspace that is charged for its usage, without a card; return its id."""
        fields = {"kind": "client", "workspace_id": workspace_id, "name": "Bakery", **changes}
        return rebill(self.account(balance=balance, method="", **fields))

    def save_card(self, account_id: str, method: str) -> None:
        """Save a card as the browser does, and put it on file."""
        setup = start_setup(get_payer(account_id))
        fields = {"payment_method": method, "client_secret": setup.client_secret, "use_stripe_sdk": "true"}
        key = b64encode(f"{secrets().stripe_publishable_key}:".encode()).decode()
        url = f"{self.system.stripe_url}/v1/setup_intents/{setup.setup_intent_id}"
        on = {"Stripe-Account": setup.stripe_account.id} if setup.stripe_account.id else {}
        request = urllib.request.Request(
            f"{url}/confirm", urlencode(fields).encode(), {"Authorization": f"Basic {key}", **on}
        )
        urllib.request.urlopen(request, timeout=30).close()
        if "authentication" in method:
            self.control(f"setup_intents/{setup.setup_intent_id}/authenticate", {"outcome": "succeed"})
        save_card(get_payer(account_id), setup.setup_intent_id)

    def change_card(self, account_id: str, **changes: Any) -> None:
        """Change the card on file behind Stripe's back, such as its expiry."""
        from msgspec.structs import replace  # noqa: PLC0415

        before: Card | None = get_payer(account_id).card
        assert before is not None
        # Newer by a bit, so that the webhook of its setup, should that come later, does not undo it.
        newer = replace(before, **changes, set_up_at_ms=before.set_up_at_ms + 1)
        assert put_card(account_id, PLATFORM, newer)

    def control(self, path: str, body: Any = None) -> Any:
        """Tell the Stripe emulator what to do."""
        answer = requests.post(f"{self.system.stripe_url}/_control/{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def fault(self, kind: str, **options: Any) -> None:
        self.control("faults", {"kind": kind, **options})

    def clear_faults(self) -> None:
        requests.delete(f"{self.system.stripe_url}/_control/faults", timeout=30)

    def charges(self, account_id: str) -> list[Any]:
        """Return the charges that took money from the account's card."""
        customer = get_payer(account_id).customer_id
        found = requests.get(f"{self.system.stripe_url}/_control/objects/charge", timeout=30).json()
        listed = found["data"] if isinstance(found, dict) else found
        return [each for each in listed if each["customer"] == customer and each["status"] == "succeeded"]

    def payments(self, account_id: str) -> list[Payment]:
        return table.newest(account_id, limit=100).payments

    def balance(self, account_id: str) -> int:
        return read_wallet(account_id).balance_micros

    def use(self, account_id: str, *days: str, meter: str = "sms", number: int = 3) -> None:
        """Record so many events at noon of each day; of a day that is not so far yet, just now."""
        noons = [to_ms(datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)) for day in days]
        events = [
            event(account_id, place, id=f"{meter}-{iso(noon)[:10]}-{place}", type=meter, time=iso(moment))
            for noon in noons
            for place in range(number)
            for moment in [min(noon, now_ms() - 60_000) + place * 1000]
        ]
        assert record([sqs_record(each, each["id"]) for each in events], catalog()) == []

    def link(self, account_id: str, **changes: Any) -> str:
        """Ask for a link into the portal, as the platform does."""
        fields = {"account_id": account_id, "return_url": "https://app.example.com/settings", **changes}
        answer = requests.post(f"{self.url}/v1/portal-sessions", json=fields, headers=self.operator, timeout=30)
        assert answer.status_code == 201, answer.text
        url: str = answer.json()["url"]
        return url

    def enter(self, account_id: str, **changes: Any) -> "Visitor":
        """Open a link without a browser."""
        answer = requests.post(self.link(account_id, **changes), allow_redirects=False, timeout=30)
        assert answer.status_code == 303, answer.text
        return Visitor(self, account_id, answer.headers["Set-Cookie"].partition(";")[0])


class Visitor:
    """Somebody with a session who sends requests by hand."""

    def __init__(self, site: Site, account_id: str, cookie: str) -> None:
        self.site, self.cookie = site, cookie
        self.home = f"{site.url}/portal/accounts/{account_id}"

    def browser_cookie(self) -> Any:
        """Return the session's cookie as a browser keeps it."""
        name, _, value = self.cookie.partition("=")
        place = urlsplit(self.home)
        return {"name": name, "value": value, "domain": place.hostname, "path": place.path, "httpOnly": True}

    def get(self, path: str = "", **headers: str) -> requests.Response:
        headers = {"Cookie": self.cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return requests.get(self.home + path, headers=headers, allow_redirects=False, timeout=30)

    def form_token(self) -> str:
        match = FORM_TOKEN.search(self.get("/details").text)
        assert match is not None
        return match[1]

    def post(self, path: str, fields: dict[str, str], token: str | None = None, **headers: str) -> requests.Response:
        """Send a form with its token, unless another is given."""
        headers = {"Cookie": self.cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = {"form_token": self.form_token() if token is None else token, **fields}
        return requests.post(self.home + path, data=data, headers=headers, allow_redirects=False, timeout=30)


def today(back: int = 0) -> str:
    """Return a day: today, or so many days ago, in UTC."""
    return iso(now_ms() - back * 24 * 3600 * 1000)[:10]


PAGES = (
    *("", "/add-balance?attempt=1", "/card", "/auto-pay", "/history", "/history/csv", "/invoices", "/details", "/plan"),
    *("/plan/preview?plan=agency", "/history/search?q=nothing", "/recurring", "/usage", "/alerts", "/activity"),
    *("/budgets", "/clients", "/new-client", "/client-prices", "/connection", "/incoming-moves"),
)
