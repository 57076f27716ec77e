"""A workspace's owner, who connects a Stripe account as a person does, and the clients that pay through it."""

from dataclasses import dataclass, field
from itertools import count
from urllib.parse import parse_qs, urlsplit

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.clock import now_ms
from chalicelib.connection import table
from chalicelib.connection.break_connection import break_connection
from chalicelib.connection.browser import browser_of, new_secret
from chalicelib.connection.connection import Connection, Way
from chalicelib.connection.finish_connection import finish_connection
from chalicelib.connection.start_connection import start_connection
from chalicelib.stripe_api.event import Verdict
from local.stripe_emulator.client import Emulator
from tests.payments.payer import Json, Payer, deliver_connected

_numbers = count(1)


def new_account(workspace_id: str | None = None, name: str = "Acme") -> Account:
    """Make a workspace, or a client of one."""
    account = Account(
        account_id=f"{'client' if workspace_id else 'workspace'}-{next(_numbers)}",
        kind="client" if workspace_id else "workspace",
        workspace_id=workspace_id,
        name=name,
        email="billing@acme.example",
        currency="usd",
        locale="en",
        country="US",
        billing_details=None,
        created_at_ms=now_ms(),
    )
    assert accounts.create(account)
    return account


@dataclass
class Owner:
    """A workspace's owner, with a browser that keeps the secret of each attempt."""

    account: Account
    emulator: Emulator
    secrets: list[str] = field(default_factory=list)

    @property
    def account_id(self) -> str:
        return self.account.account_id

    @property
    def connection(self) -> Connection:
        return table.find(self.account_id)

    @property
    def stripe_account_id(self) -> str:
        return self.connection.stripe_account_id or ""

    def start(self, way: Way = "oauth") -> str:
        """Return the address at Stripe of a new connection, for this browser."""
        self.secrets.append(new_secret())
        browser = browser_of(self.secrets[-1])
        return start_connection(self.account, way, account_id=self.account_id, actor="owner:ann", browser=browser).url

    def start_by_api(self, way: Way = "oauth") -> str:
        """Return the state of an address here, which any browser can open once."""
        return query_of(start_connection(self.account, way, account_id=self.account_id, actor="ann").url)["state"]

    def approve(self, url: str, account: str = "") -> dict[str, str]:
        """Approve the connection at Stripe; return the query with which the person comes back."""
        return query_of(self.emulator.answer_oauth(url, account=account))

    def connect(self, account: str = "") -> Connection:
        """Connect a Stripe account: a new one, or the given one."""
        back = self.approve(self.start(), account)
        return finish_connection(back["state"], self.secrets, code=back["code"])

    def disconnect(self) -> Connection:
        return break_connection(self.account_id, actor="owner:ann")

    def new_client(self, card: str | None = "pm_card_visa", name: str = "Bakery") -> Payer:
        """Make a client; its card is saved on the connected account."""
        client = Payer(new_account(self.account_id, name).account_id, self.emulator)
        if card:
            client.save_card(card)
        return client

    def events(self, type: str = "") -> list[Json]:
        """Return Stripe's events of the connected accounts, oldest first, as they are sent."""
        return [event for event in self.emulator.events(type) if is_connected_event(event)]

    def deliver(self, type: str = "") -> list[Verdict]:
        return [deliver_connected(event) for event in self.events(type)]


def is_connected_event(event: Json) -> bool:
    return bool(event.get("account")) and event["account"] != "acct_1EmulatorPlatform"


def query_of(url: str) -> dict[str, str]:
    """Return an address's query."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
