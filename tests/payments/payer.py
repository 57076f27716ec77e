"""A customer with an account, a card and a browser, and who may learn of a payment: webhooks, the sweeper, people."""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.cards import payer, save_card
from chalicelib.cards import table as cards
from chalicelib.cards.card import Card
from chalicelib.cards.card_setup import CardSetup
from chalicelib.cards.choose_card import Role, choose_card
from chalicelib.cards.start_setup import start_setup
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import now_ms
from chalicelib.connection.browser import browser_of, new_secret
from chalicelib.connection.finish_connection import finish_connection
from chalicelib.connection.start_connection import start_connection
from chalicelib.idempotency import Key, Space
from chalicelib.ledger import statement
from chalicelib.ledger.table import read_wallet
from chalicelib.ledger.transaction import Transaction
from chalicelib.ledger.verify import verify
from chalicelib.payments import table, unresolved_index
from chalicelib.payments.payment import Payment
from chalicelib.payments.resolve import Resolution, resolve
from chalicelib.payments.top_up import TopUpRequest, top_up
from chalicelib.recovery.sweep import SweepRun, check_payment, sweep
from chalicelib.stripe_api.event import Verdict
from chalicelib.stripe_api.stripe_account import PLATFORM
from chalicelib.webhooks import receive as webhook
from local.stripe_emulator.client import PUBLISHABLE_KEY, SECRET_KEY, Emulator
from local.stripe_emulator.settings import PLATFORM as PLATFORM_ID

WEBHOOK_SECRET = "whsec_of_these_tests"
CONNECT_WEBHOOK_SECRET = "whsec_of_connected_accounts"
STRIPE_KEYS = {
    "stripe_secret_key": SECRET_KEY,
    "stripe_publishable_key": PUBLISHABLE_KEY,
    "stripe_webhook_secret": WEBHOOK_SECRET,
    "stripe_connect_webhook_secret": CONNECT_WEBHOOK_SECRET,
}
"""The values in the secret with which the system speaks to the emulator."""
CLIENT_ID = "ca_emulator"
HOUR_MS = 3600 * 1000
Json = dict[str, Any]


@dataclass
class Payer:
    """An account that pays."""

    account_id: str
    emulator: Emulator
    key: str = "key-1"
    delivered: set[str] = field(default_factory=set)

    def account(self) -> Account:
        return accounts.get(self.account_id)

    def load(self) -> payer.Payer:
        """Return the account with its customer and card, as they are now."""
        return cards.get_payer(self.account_id)

    def card(self) -> Card:
        """Return the card on file, which must be there."""
        found = self.load().card
        assert found is not None
        return found

    @property
    def customer_id(self) -> str:
        return self.load().customer_id or ""

    @property
    def balance_micros(self) -> int:
        return read_wallet(self.account_id).balance_micros

    def confirm_setup(self, setup: CardSetup, method: str = "pm_card_visa") -> None:
        """Fill in the card fields, as the browser does; the bank's challenge is passed, if there is one."""
        client = self.emulator.stripe_client(stripe_account=setup.stripe_account.id)
        done = client.v1.setup_intents.confirm(
            setup.setup_intent_id,
            {"payment_method": method, "use_stripe_sdk": True, "return_url": "https://a.example/"},
        )
        if done.status == "requires_action":
            self.emulator.authenticate(setup.setup_intent_id)

    def save_card(self, method: str = "pm_card_visa") -> Card:
        setup = start_setup(self.load())
        self.confirm_setup(setup, method)
        return save_card.save_card(self.load(), setup.setup_intent_id)

    def add_card(self, method: str = "pm_card_mastercard", role: Role = "none") -> Card:
        """Save one more card, and give it a role."""
        setup = start_setup(self.load(), adds=True)
        self.confirm_setup(setup, method)
        card = save_card.save_card(self.load(), setup.setup_intent_id)
        if role != "none":
            choose_card(self.load(), card.payment_method_id, role)
        return card

    def put_test_card(self, method: str) -> None:
        """Put a card on file that Stripe would not let anyone save, so that it declines the payment itself."""
        on = (self.load().stripe_account or PLATFORM).key
        cards.CardRow(self.account_id, on).update([cards.CardRow.removed.remove()])  # a test card comes back
        card = Card(method, "visa", "0000", 12, 2030, "fingerprint", self.card().set_up_at_ms)
        assert self.put_card(card)

    def put_card(self, card: Card) -> bool:
        """Put a card on file as it is, whatever Stripe knows of it."""
        return cards.put_card(self.account_id, self.load().stripe_account or PLATFORM, card)

    def connect_stripe(self) -> None:
        """Connect a Stripe account to this workspace: its clients pay through it."""
        secret, asked = new_secret(), {"account_id": self.account_id, "actor": "tester"}
        link = start_connection(self.account(), "oauth", **asked, browser=browser_of(secret))
        back = dict(parse_qsl(urlsplit(self.emulator.answer_oauth(link.url)).query))
        finish_connection(back["state"], [secret], code=back["code"])

    def top_up(self, amount: str = "25", key: str = "", space: Space = "customer") -> Resolution:
        return top_up(
            self.load(), TopUpRequest(amount), key=Key(key or self.key, space), actor="tester", catalog=catalog()
        )

    @property
    def payments(self) -> list[Payment]:
        return table.newest(self.account_id, limit=100).payments

    def payment(self) -> Payment:
        """Return the only payment."""
        (only,) = self.payments
        return only

    def refresh(self) -> Resolution:
        return resolve(self.payment())

    def be_swept(self) -> bool:
        """Let the sweeper come to this payer's payment."""
        return check_payment(self.account_id, self.payment().payment_id)

    def sweep_at(self, after_ms: int = 0) -> SweepRun:
        """Run the sweeper over everything, as if so much time had passed."""
        with clock.moved_to(clock.from_ms(now_ms() + after_ms)):
            return sweep(now_ms() + HOUR_MS)

    @property
    def events(self) -> list[Json]:
        """Return Stripe's events about this customer, oldest first, as they are sent."""
        found = [event for event in self.emulator.events() if self.customer_id in json.dumps(event["data"])]
        return [as_sent(event) for event in found]

    def deliver(self, type: str = "") -> list[Verdict]:
        """Deliver Stripe's events of a type (or all) that were not delivered yet, in their order."""
        waiting = [
            event for event in self.events if event["type"].startswith(type) and event["id"] not in self.delivered
        ]
        self.delivered |= {event["id"] for event in waiting}
        return [deliver_connected(event) if "account" in event else deliver(event) for event in waiting]

    @property
    def charges(self) -> list[Json]:
        """Return the charges that took money from this customer."""
        return [charge for charge in self.emulator.charges() if charge["customer"] == self.customer_id]

    @property
    def credits(self) -> list[Transaction]:
        return statement.read_history(self.account_id, statement.Filter(type="credit"), limit=100).transactions

    def assert_paid_once(self, amount_micros: int = 25_000_000) -> None:
        """Check that one charge, one credit and one succeeded payment are there, and that the ledger proves it."""
        assert len(self.charges) == 1, self.charges
        (credit,) = self.credits
        payment = self.payment()
        assert payment.state == "succeeded"
        assert payment.charge_id == self.charges[0]["id"]
        assert (credit.content.payment_id, credit.leg.amount_micros) == (payment.payment_id, amount_micros)
        assert self.balance_micros == amount_micros
        assert verify(self.account_id).difference is None
        assert table.unresolved(self.account_id, now_ms()) == []

    def assert_charged_but_not_credited(self) -> None:
        """Check that the money was taken and nobody here knows of it yet."""
        assert len(self.charges) == 1
        assert self.credits == []
        assert not self.payment().ended

    def assert_not_paid(self) -> None:
        """Check that nothing was charged and nothing credited."""
        assert self.charges == []
        assert self.credits == []
        assert self.balance_micros == 0


def end_what_was_left() -> None:
    """End what an earlier test left to be looked at: the emulator has forgotten it."""
    for account_id, payment_id in chain.from_iterable(unresolved_index.due(now_ms() + 48 * HOUR_MS, 1000)):
        table.change(table.get(account_id, payment_id), _final)


def _final(payment: Payment) -> Payment:
    return payment if payment.is_final else replace(payment, state="canceled", intent_open=False)


def signed(body: bytes, secret: str = WEBHOOK_SECRET, *, age_seconds: int = 0) -> str:
    """Sign a webhook as Stripe does."""
    timestamp = now_ms() // 1000 - age_seconds
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def deliver(event: Json) -> Verdict:
    """Deliver an event, signed."""
    body = json.dumps(event).encode()
    return webhook.receive(body, signed(body))


def deliver_connected(event: Json) -> Verdict:
    """Deliver an event of a connected account, signed, to the endpoint of such accounts."""
    body = json.dumps(event).encode()
    return webhook.receive(body, signed(body, CONNECT_WEBHOOK_SECRET), connect=True)


def as_sent(event: Json) -> Json:
    """Return an event as Stripe sends it: only that of a connected account names its account."""
    is_platform = event.get("account") == PLATFORM_ID
    return {name: value for name, value in event.items() if not (name == "account" and is_platform)}


NewPayer = Callable[..., Payer]
