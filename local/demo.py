"""The data that the first `make run` creates: a workspace, three clients of it, and a realistic month of all.

It calls the verbs that the routes and functions call, with the clock moved to each day of the month, so the history
looks like a real one: a welcome credit, a subscription, usage every day, top-ups, a card that was declined once, and
auto-pay and budgets at the end. Each call is a receipt, with a line for each meter that it uses. Two clients are
charged by prices of the workspace's own, one of them after an allowance; for the third, the workspace pays.
"""

import json
import os
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.client import HTTPConnection
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.create_or_change import AccountRequest, create_or_change
from chalicelib.auto_pay.change_settings import AutoPayRequest, change_settings
from chalicelib.budgets.change_budget import change_budget
from chalicelib.budgets.request import BudgetRequest
from chalicelib.cards.save_card import save_card
from chalicelib.cards.start_setup import start_setup
from chalicelib.cards.table import get_payer
from chalicelib.catalog.catalog import catalog
from chalicelib.clients.change_rebilling import change_rebilling
from chalicelib.clients.rebilling_request import ClientPriceRequest, RebillingRequest
from chalicelib.connection.browser import browser_of, new_secret
from chalicelib.connection.finish_connection import finish_connection
from chalicelib.connection.start_connection import start_connection
from chalicelib.history.adjust import AdjustmentRequest, adjust
from chalicelib.idempotency import Key
from chalicelib.invoices.issue_missing import issue_missing_documents
from chalicelib.ledger.table import read_wallet
from chalicelib.payments.refusals import CardDeclined
from chalicelib.payments.top_up import TopUpRequest, top_up
from chalicelib.secrets import secrets
from chalicelib.settings import settings
from chalicelib.subscriptions.change import change
from chalicelib.subscriptions.request import SubscriptionRequest
from chalicelib.text import AccountId, Country, Email, Line, Locale
from chalicelib.token import Caller
from chalicelib.usage.record import record
from local.system import System

DAYS = 30
OPERATOR = Caller("operator", None, "demo@platform.example")
LOW_MICROS = 20_000_000
CLIENTS = {"bloom": "Bakery Bloom", "lumen": "Studio Lumen", "harbor": "Harbor Dental"}
PLAN = "agency"
ADD_ONS = {"phone_number": 2, "voice_features": 1}
AUTO_PAY = AutoPayRequest(enabled=True, threshold="10.00", amount="50.00", monthly_limit="300.00")
BUDGETS = {"month": BudgetRequest("400.00"), "sms.month": BudgetRequest("75.00")}
DECLINED_ON_DAY = 12
MODELS = ("gpt-5-mini", "gpt-5")
MAILS = ("Appointment reminder", "Receipt", "Follow-up", "Newsletter")
PEOPLE = ("alex", "chris", "jordan", "kim", "lee", "sam", "toni")
GOOD_CARD = "pm_card_visa"
DECLINED_CARD = "pm_card_chargeCustomerFail"


def fill(system: System, account_id: str) -> None:
    """Create the workspace `account_id` and its clients, and record a month of activity for all of them."""
    os.environ.update(system.environment)
    settings.cache_clear()
    # Its events come today, while the demo saves the cards on the days of its month.
    control(system, "POST", "faults", {"kind": "webhook_hold", "event": "setup_intent.*", "times": 0})
    bakery, studio, dentist = clients = [f"{account_id}.{name}" for name in CLIENTS]
    now = datetime.now(UTC)
    first_day = now - timedelta(days=DAYS, hours=1)
    with clock.moved_to(first_day):
        open_accounts(account_id)
        set_prices(account_id, studio, not_charged=dentist)
        connect_stripe(system, account_id)
        for opened in (account_id, bakery, studio):
            enter_card(system, opened, GOOD_CARD)
        subscribe(account_id)
    for day in range(DAYS, -1, -1):
        evening = min(now, (now - timedelta(days=day)).replace(hour=21, minute=0))
        refill(system, account_id, evening, declined=DAYS - day == DECLINED_ON_DAY)
        for refilled in (bakery, studio):
            refill(system, refilled, evening, declined=False)
        for number, used_by in enumerate((account_id, *clients)):
            with clock.moved_to(evening):
                record_day(used_by, evening, Random(day * 10 + number), per_day=40 if used_by == account_id else 10)
    switch_on_auto_pay(account_id)
    for budget_id, request in BUDGETS.items():
        change_budget(accounts.get(account_id), budget_id, request, actor=actor_of(account_id), catalog=catalog())
    control(system, "DELETE", "faults")
    control(system, "POST", "webhooks/release")


def control(system: System, method: str, path: str, body: dict[str, Any] | None = None) -> None:
    """Call the control API of the emulator of Stripe."""
    stripe = HTTPConnection(urlsplit(system.stripe_url).netloc, timeout=10)
    stripe.request(method, f"/_control/{path}", json.dumps(body) if body else None)
    if stripe.getresponse().status != HTTPStatus.OK:
        raise RuntimeError(f"the emulator of Stripe refuses {method} {path}")


def open_accounts(account_id: str) -> None:
    """Create the workspace and its clients. The workspace and the first client have a welcome credit."""
    workspace = AccountRequest(
        kind="workspace",
        name=Line("Acme Agency"),
        email=Email("billing@acme.example"),
        currency="usd",
        locale=Locale("en-US"),
        country=Country("US"),
    )
    account, _ = create_or_change(OPERATOR, account_id, workspace, catalog())
    welcome = AdjustmentRequest("credit", "10.00", Line("Welcome credit"))
    adjust(account, welcome, key=Key("welcome", "operator"), actor=OPERATOR.actor_on(account_id))
    for name, title in CLIENTS.items():
        request = AccountRequest(
            kind="client",
            workspace_id=AccountId(account_id),
            name=Line(title),
            email=Email(f"hello@{name}.example"),
            currency="usd",
        )
        create_or_change(OPERATOR, f"{account_id}.{name}", request, catalog())


def set_prices(account_id: str, with_own_price: str, *, not_charged: str) -> None:
    """Charge all clients half as much again as they cost, one of them by a price of its own, and one nothing at all."""
    markup = ClientPriceRequest("markup", markup="1.5")
    own: dict[str, ClientPriceRequest | None] = {
        "sms": ClientPriceRequest("price", price="0.08"),
        "email": ClientPriceRequest("absorbed"),
    }
    charged = [f"{account_id}.{name}" for name in CLIENTS if f"{account_id}.{name}" != not_charged]
    requests = [
        (account_id, RebillingRequest(default=markup)),
        *((client_id, RebillingRequest(enabled=True)) for client_id in charged),
        (with_own_price, RebillingRequest(meters=own, allowance="5.00")),
    ]
    for changed, request in requests:
        change_rebilling(accounts.get(changed), request, actor=actor_of(account_id), catalog=catalog())


def connect_stripe(system: System, account_id: str) -> None:
    """Connect a new Stripe account to the workspace, as its owner does: its clients pay through it."""
    secret, workspace, actor = new_secret(), accounts.get(account_id), actor_of(account_id)
    link = start_connection(workspace, "oauth", account_id=None, actor=actor, browser=browser_of(secret))
    form = urlencode({**dict(parse_qsl(urlsplit(link.url).query)), "decision": "approve", "name": "Acme Agency"})
    stripe = HTTPConnection(urlsplit(system.stripe_url).netloc, timeout=10)
    stripe.request("POST", "/oauth/authorize", form, {"Content-Type": "application/x-www-form-urlencoded"})
    # Not in the portal, where it would be today.
    back = dict(parse_qsl(urlsplit(str(stripe.getresponse().getheader("Location"))).query))
    finish_connection(back["state"], [secret], code=back["code"])


def enter_card(system: System, account_id: str, payment_method: str) -> None:
    """Enter a card into Stripe's fields, as the browser does, and save it."""
    actor = actor_of(account_id)
    setup = start_setup(get_payer(account_id), actor=actor)
    fields = {"payment_method": payment_method, "client_secret": setup.client_secret, "use_stripe_sdk": "true"}
    # As Stripe.js does on a connected account.
    on = {"Stripe-Account": setup.stripe_account.id} if setup.stripe_account.id else {}
    request = urllib.request.Request(  # noqa: S310 - the emulator's own address
        f"{system.stripe_url}/v1/setup_intents/{setup.setup_intent_id}/confirm",
        data=urlencode(fields).encode(),
        headers={
            **on,
            "Authorization": f"Basic {b64encode(f'{secrets().stripe_publishable_key}:'.encode()).decode()}",
        },
    )
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - the emulator's own address
        save_card(get_payer(account_id), setup.setup_intent_id, actor=actor)


def refill(system: System, account_id: str, evening: datetime, *, declined: bool) -> None:
    """Add balance in the morning if little is left; with `declined`, a first card is declined and then replaced."""
    with clock.moved_to(evening - timedelta(hours=14)):
        key = f"demo-{evening:%Y-%m-%d}"
        if declined:
            enter_card(system, account_id, DECLINED_CARD)
            try:
                pay(account_id, f"{key}-declined")
            except CardDeclined:
                enter_card(system, account_id, GOOD_CARD)
        if declined or read_wallet(account_id).balance_micros < LOW_MICROS:
            pay(account_id, key)


def subscribe(account_id: str) -> None:
    """Start the workspace's subscription; its first period is charged at once."""
    request = SubscriptionRequest(PLAN, ADD_ONS)
    change(
        get_payer(account_id),
        request,
        key=Key("demo-subscription", "customer"),
        actor=actor_of(account_id),
        catalog=catalog(),
    )
    issue_missing_documents(account_id, catalog())


def switch_on_auto_pay(account_id: str) -> None:
    """Switch auto-pay on at the end, with enough in the wallet: all payments of the month are made by hand."""
    if read_wallet(account_id).balance_micros < LOW_MICROS:
        pay(account_id, "demo-before-auto-pay")
    change_settings(get_payer(account_id), AUTO_PAY, actor=actor_of(account_id), catalog=catalog())


def actor_of(account_id: str) -> str:
    """Return the actor for what the account's owner does."""
    return f"owner:{account_id}"


def pay(account_id: str, key: str) -> None:
    """Add 50 dollars, and issue the invoice on the same day."""
    top_up(
        get_payer(account_id),
        TopUpRequest("50.00"),
        key=Key(key, "customer"),
        actor=actor_of(account_id),
        catalog=catalog(),
    )
    issue_missing_documents(account_id, catalog())


def record_day(account_id: str, evening: datetime, random: Random, *, per_day: int) -> None:
    """Record a day's usage, as one batch of the queue."""
    events = list(usage(account_id, evening, random, per_day))
    bodies = [json.dumps(each) for each in events]
    failed = record([{"messageId": str(place), "body": body} for place, body in enumerate(bodies)], catalog())
    if failed:
        raise RuntimeError(f"{len(failed)} of the demo's events were not recorded")


def usage(account_id: str, evening: datetime, random: Random, per_day: int) -> Iterator[dict[str, Any]]:
    """Yield a day's calls, messages and e-mails: in office hours, fewer at the weekend, none after `evening`."""
    midnight = evening.replace(hour=0, minute=0, second=0, microsecond=0)
    weekend = midnight.isoweekday() > 5
    for number in range(per_day // (4 if weekend else 1)):
        moment = midnight + timedelta(seconds=int(random.triangular(8 * 3600, 20 * 3600, 14 * 3600)))
        if moment < evening:
            yield event(account_id, f"{midnight:%Y%m%d}-{number}", moment, random)


def event(account_id: str, event_id: str, moment: datetime, random: Random) -> dict[str, Any]:
    """Return a usage event as the platform's services send it."""
    phone = f"+1 555 {random.randrange(100, 1000)} {random.randrange(1000, 10000)}"
    meter, service, data = random.choices(
        [
            ("sms", "messages", {"quantity": "1", "description": f"SMS to {phone}"}),
            ("ai_call", "calls", call(phone, random)),
            ("email", "emails", {"quantity": "1", "description": f"{random.choice(MAILS)} to {recipient(random)}"}),
            ("ai_tokens", "agents", {"amount": f"{random.uniform(0.001, 0.03):.6f}", "description": "Agent's reply"}),
        ],
        weights=[50, 25, 15, 10],
    )[0]
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/{service}",
        "type": meter,
        "subject": account_id,
        "time": f"{moment:%Y-%m-%dT%H:%M:%S}.{random.randrange(1000):03d}Z",
        "data": {**data, "url": f"https://app.example.com/{service}/{event_id}"},
    }


def recipient(random: Random) -> str:
    """Return somebody's address."""
    return f"{random.choice(PEOPLE)}{random.randrange(10, 100)}@mail.example"


def call(phone: str, random: Random) -> dict[str, Any]:
    """Return the parts of a call that an agent answers, mostly by telephone, sometimes in a browser, which is free."""
    minutes = f"{random.triangular(0.2, 14, 2):.6f}"
    by_telephone = random.random() < 0.8
    parts = [
        {"meter": "voice_engine_minute", "quantity": minutes},
        {"meter": "llm_minute", "quantity": minutes, "description": random.choice(MODELS)},
        {"meter": "knowledge_lookup", "quantity": str(random.randint(1, 6))},
        {"meter": "telephony_minute" if by_telephone else "web_audio_minute", "quantity": minutes},
    ]
    return {"parts": parts, "description": f"Call to {phone}" if by_telephone else "Call from the website"}
