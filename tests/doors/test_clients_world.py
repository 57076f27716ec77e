"""A client's tokens are answered about the client's world alone: no cost, no balance of its workspace, no platform."""

from collections.abc import Iterator, Mapping
from typing import Final

import pytest
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.catalog.catalog import catalog
from chalicelib.history.adjust import AdjustmentRequest, adjust
from chalicelib.idempotency import Key
from chalicelib.invoices.issue import issue_for
from chalicelib.ledger import statement
from chalicelib.ledger.post import post
from chalicelib.ledger.posting import Leg, Posting
from chalicelib.ledger.statement import Filter
from chalicelib.payments import table as payments
from chalicelib.reversals import table as reversals
from chalicelib.text import Line
from chalicelib.token import Caller
from chalicelib.web import Operation
from local.stripe_emulator.client import Emulator
from tests.build import credit, debit
from tests.clients.build import rebill
from tests.doors import declared
from tests.doors.callers import CLIENT, OPERATIONS, WORKSPACE, bearer, make_accounts, stripe_environment
from tests.doors.gateway import Answer, Request, send
from tests.environment import use
from tests.payments.build import payment
from tests.reversals.reversal_news import wanted

PRICE, COST = 24_681, 13_579
SECRETS: Final = {
    "the cost of one": "0.013579",
    "the cost of all": "0.027158",
    "the margin": "0.022204",
    "the workspace's balance": "7654.29",
    "a person of the platform": "olga",
    "a person of the workspace": "jane",
}
OF_WORKSPACE: Final = Caller("owner", WORKSPACE)
OF_CLIENT: Final = (Caller("owner", CLIENT), Caller("viewer", CLIENT))
PRIVATE: Final = [each for each in OPERATIONS if not each.public and "account_id" in declared.path_names(each)]


@pytest.fixture(scope="module")
def names(memory: Mapping[str, str], stripe_process: Emulator) -> Iterator[dict[str, str]]:
    """Return what names in paths may be, of a client that has used, paid for and been given something."""
    with use(stripe_environment(stripe_process)):
        make_accounts()
        rebill(CLIENT)
        now_ms = clock.now_ms()
        post([credit(1, WORKSPACE, amount_micros=7_654_321_098, occurred_at_ms=now_ms)])
        post([pair_of(number, now_ms) for number in (1, 2)])
        give(Key("1", "operator"), "olga@platform.example")
        give(Key("1", "customer"), "jane@north.example")
        paid, _ = payments.put_new(payment(account_id=CLIENT, state="succeeded", created_at_ms=now_ms))
        returned = wanted(account_id=CLIENT, actor="olga@platform.example")
        reversals.change(paid, lambda seen: replace(seen, refunds=(returned,)))
        number = issue_for(CLIENT, "pay_1", catalog()).number
        (newest, *_) = statement.read_history(CLIENT, Filter(), limit=1).transactions
        ids = {"payment_id": "pay_1", "number": number, "transaction_id": newest.id, "client_id": CLIENT}
        yield {"account_id": CLIENT, **ids}


def pair_of(number: int, now_ms: int) -> Posting:
    """Return usage of the client with a price and a cost that nothing else has."""
    used = debit(number, CLIENT, amount_micros=PRICE, unit_price_micros=PRICE, occurred_at_ms=now_ms)
    return Posting(used.identity, used.content, (*used.legs, Leg(WORKSPACE, "debit", COST, COST)))


def give(key: Key, actor: str) -> None:
    adjust(accounts.get(CLIENT), AdjustmentRequest("credit", "5", Line("welcome")), key=key, actor=actor)


def ask(operation: Operation, names: Mapping[str, str], caller: Caller) -> Answer:
    found = {name: names[name] for name in declared.path_names(operation)}
    headers = {"Authorization": bearer(caller), "Content-Type": "application/json"}
    return send(Request(operation.method, operation.path, found, {}, headers, b"{}"))


def told(answer: Answer) -> str:
    return f"{dict(answer.headers)} {answer.text}"


@pytest.mark.parametrize("caller", OF_CLIENT, ids=lambda caller: caller.role)
@pytest.mark.parametrize("operation", PRIVATE, ids=lambda operation: operation.name)
def test_no_answer_to_a_client_tells_of_its_workspace_or_the_platform(
    operation: Operation, caller: Caller, names: dict[str, str]
) -> None:
    seller = catalog().seller
    secrets = {**SECRETS, "the platform": seller.name, "the platform's address": seller.address[0]}
    text = told(ask(operation, names, caller))
    assert [what for what, secret in secrets.items() if secret in text] == []


def test_a_client_asking_about_its_workspace_learns_nothing(names: dict[str, str]) -> None:
    for operation in PRIVATE:
        answer = ask(operation, {**names, "account_id": WORKSPACE}, OF_CLIENT[0])
        assert answer.status == 404, operation.name
        assert [what for what, secret in SECRETS.items() if secret in told(answer)] == []


def test_a_client_sees_its_workspace_as_the_one_who_refunded(names: dict[str, str]) -> None:
    (get_payment,) = [each for each in PRIVATE if each.name == "get_payment"]
    assert ask(get_payment, names, OF_CLIENT[0]).json()["refunds"][0]["actor"] == "North Agency"
    assert ask(get_payment, names, OF_WORKSPACE).json()["refunds"][0]["actor"] == "olga@platform.example"


def test_the_workspace_is_told_all_of_it(names: dict[str, str]) -> None:
    """Else the secrets would not be in any answer, and their absence would prove nothing."""
    of_both = [{**names, "account_id": account_id} for account_id in (CLIENT, WORKSPACE)]
    reads = [each for each in PRIVATE if each.method == "GET"]
    text = "".join(told(ask(each, where, OF_WORKSPACE)) for each in reads for where in of_both)
    assert [what for what, secret in SECRETS.items() if secret not in text] == []
