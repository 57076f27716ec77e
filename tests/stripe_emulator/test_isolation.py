"""Accounts share nothing: what one has, no call of another finds, names or changes, by any route or parameter."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from local.stripe_emulator.client import PUBLISHABLE_KEY, SECRET_KEY, Emulator
from local.stripe_emulator.parameters import fields_of
from local.stripe_emulator.routes import ROUTES, Route
from tests.stripe_emulator.conftest import CARD_ONLY, pay
from tests.stripe_emulator.test_browser import ask

KINDS = (
    "customer", "payment_method", "payment_intent", "setup_intent", "charge", "refund", "dispute",
    "balance_transaction", "event",
)  # fmt: skip
NEEDED = {"amount": 2500, "currency": "usd", "limit": 100, "query": "currency:'usd'"}
OF_THE_PLATFORM = ("/v1/account", "/v1/application_fees")
"""What the platform has of its connected accounts: themselves, and the fees that it took from them."""


@dataclass(frozen=True)
class Stranger:
    """Somebody who has the ids of another account, but not its key."""

    name: str
    key: str
    account: str = ""

    def ask(self, emulator: Emulator, method: str, path: str, params: Any) -> tuple[int, str]:
        """Make a call; return its status and its answer, without what it only repeats from the call."""
        credentials = base64.b64encode(f"{self.key}:".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/x-www-form-urlencoded"}
        if self.account:
            headers["Stripe-Account"] = self.account
        query = urlencode(params)
        address, body = (path, query) if method == "POST" else (f"{path}?{query}", "")
        status, _, text = ask(emulator, method, address, body, headers)
        return status, text if status == 200 else ""


@pytest.fixture
def owned(emulator: Emulator) -> tuple[str, dict[str, str]]:
    """Return an account that has one of everything, and the id of one of each kind."""
    account = emulator.connect_account()["id"]
    theirs: Any = emulator.stripe_client(stripe_account=account)
    customer = theirs.v1.customers.create({"email": "owner@example.com"}).id
    saved = {"customer": customer, "payment_method": "pm_card_visa", "confirm": True} | CARD_ONLY
    card = theirs.v1.setup_intents.create(saved).payment_method
    theirs.v1.setup_intents.create({"customer": customer})
    theirs.v1.payment_intents.create({"amount": 2500, "currency": "usd", "customer": customer, "payment_method": card})
    paid = [pay(theirs, customer=customer, payment_method=card, application_fee_amount=100) for _ in range(2)]
    theirs.v1.refunds.create({"payment_intent": paid[0].id, "amount": 100})
    emulator.open_dispute(pay(theirs).id)
    ids = {kind: emulator.objects(kind, account)[0]["id"] for kind in KINDS}
    fee = emulator.objects("application_fee")[0]["id"]
    return account, ids | {"payment_method": card, "account": account, "application_fee": fee}


def strangers(emulator: Emulator) -> Iterator[Stranger]:
    other = emulator.connect_account()
    yield Stranger("platform", SECRET_KEY)
    yield Stranger("another account", other["secret_key"])
    yield Stranger("platform for another account", SECRET_KEY, other["id"])
    yield Stranger("browser of the platform", PUBLISHABLE_KEY)
    yield Stranger("browser of another account", other["publishable_key"])
    yield Stranger("browser of the platform for another account", PUBLISHABLE_KEY, other["id"])


def kind_in(route: Route) -> str:
    """Return the kind that the first id in a route's path is of."""
    return route.path.split("/")[2].removesuffix("s")


def by_path(route: Route, ids: dict[str, str]) -> str:
    """Return the path with the other account's ids in it."""
    path = route.path
    for kind in (kind_in(route), "payment_method"):
        path = path.replace("{id}", ids.get(kind, "re_missing"), 1)
    return path


def by_parameter(route: Route, ids: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yield parameters that name one thing of the other account each, and whatever else the call needs."""
    fields = fields_of(route.params)
    needed = {name: value for name, value in NEEDED.items() if name in fields}
    aliases = {"source": "balance_transaction", "starting_after": kind_in(route), "ending_before": kind_in(route)}
    for name in fields:
        if (kind := aliases.get(name, name)) in ids:
            yield needed | {name: ids[kind]}


def calls_with(route: Route, ids: dict[str, str], secrets: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the parameters to try on a route: none, and everything that could lead to the other account."""
    yield {}
    if "{id}" not in route.path:
        yield {"limit": 100}
        yield from by_parameter(route, ids)
    elif route.publishable:
        yield {"client_secret": secrets[ids[kind_in(route)]]}


def must_fail(route: Route, params: dict[str, Any], ids: dict[str, str]) -> bool:
    """Tell whether a call has to be refused; a list that finds nothing is right, too."""
    return "{id}" in route.path or (route.method == "POST" and not set(ids.values()).isdisjoint(params.values()))


def everything_of(emulator: Emulator, account: str) -> list[dict[str, Any]]:
    return [body for kind in KINDS for body in emulator.objects(kind, account)]


def test_no_call_finds_names_or_changes_anything_of_another_account(emulator: Emulator, owned: Any) -> None:
    account, ids = owned
    before = everything_of(emulator, account)
    secrets = {body["id"]: body["client_secret"] for body in before if "client_secret" in body}
    fees = emulator.objects("application_fee")
    of_the_platform = {account} | {fee["charge"] for fee in fees} | {fee["id"] for fee in fees}
    made = 0
    for stranger in strangers(emulator):
        is_platform = stranger.key == SECRET_KEY and not stranger.account
        hidden = {body["id"] for body in before} | set(secrets.values()) | of_the_platform
        hidden -= of_the_platform if is_platform else set()
        for route in ROUTES:
            if is_platform and route.path.startswith(OF_THE_PLATFORM):
                continue
            for params in calls_with(route, ids, secrets):
                status, text = stranger.ask(emulator, route.method, by_path(route, ids), params)
                where = f"{stranger.name}: {route.method} {by_path(route, ids)} {params} answered {status}"
                assert 200 <= status < 500, where
                assert not [each for each in hidden if each in text], where
                assert status >= 400 or not must_fail(route, params, ids), where
                made += 1
    assert made > len(ROUTES) * 6
    assert everything_of(emulator, account) == before


def test_the_owner_and_its_platform_find_all_of_it(emulator: Emulator, owned: Any) -> None:
    account, ids = owned
    for route in ROUTES:
        is_theirs = kind_in(route) in ids and not route.path.startswith("/v1/application_fees")
        if route.method == "GET" and route.path.endswith("/{id}") and is_theirs:
            status, text = Stranger("owner", SECRET_KEY, account).ask(emulator, "GET", by_path(route, ids), {})
            assert (status, ids[kind_in(route)] in text) == (200, True), route.path


def test_a_browser_acts_on_the_account_that_it_names(emulator: Emulator) -> None:
    account = emulator.connect_account()
    intent = emulator.stripe_client(stripe_account=account["id"]).v1.payment_intents.create(
        {"amount": 2500, "currency": "usd"}
    )
    path, params = f"/v1/payment_intents/{intent.id}", {"client_secret": intent.client_secret}
    statuses = [
        Stranger("", key, named).ask(emulator, "GET", path, params)[0]
        for key, named in (
            (PUBLISHABLE_KEY, account["id"]),
            (account["publishable_key"], ""),
            (account["publishable_key"], account["id"]),
            (PUBLISHABLE_KEY, ""),
            (emulator.connect_account()["publishable_key"], ""),
            (emulator.connect_account()["publishable_key"], account["id"]),
        )
    ]
    assert statuses == [200, 200, 200, 404, 404, 403]
    emulator.disconnect_account(account["id"])
    assert Stranger("", PUBLISHABLE_KEY, account["id"]).ask(emulator, "GET", path, params)[0] == 403


def test_a_key_of_idempotency_means_nothing_to_another_account(emulator: Emulator) -> None:
    paid = {
        pay(emulator.stripe_client(stripe_account=account), key="k", amount=amount).id
        for amount, account in (
            (2500, emulator.connect_account()["id"]),
            (3000, emulator.connect_account()["id"]),
            (3500, None),
        )
    }
    assert len(paid) == 3


def test_an_account_pays_into_no_other(emulator: Emulator) -> None:
    first, second = (emulator.connect_account() for _ in range(2))
    for key, account in ((first["secret_key"], ""), (SECRET_KEY, first["id"])):
        for params in ({"transfer_data[destination]": second["id"]}, {"on_behalf_of": second["id"]}):
            stranger = Stranger("", key, account)
            assert (
                stranger.ask(emulator, "POST", "/v1/payment_intents", {"amount": 2500, "currency": "usd"} | params)[0]
                == 400
            )
