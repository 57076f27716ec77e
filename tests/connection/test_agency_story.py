"""Two months of an agency with three clients. At the end everything adds up to the micro.

Prices, an absorbed meter, an allowance, an empty wallet on either side, another Stripe account in between, a dispute, a
client that is archived, and one that is moved.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta

from chalicelib import clock
from chalicelib.access.find_access import find_access
from chalicelib.accounts import table as accounts
from chalicelib.allowances.end_allowances import end_due_allowances
from chalicelib.catalog.catalog import catalog
from chalicelib.clients.change_standing import StandingRequest, change_standing
from chalicelib.clock import iso, month_of, now_ms, to_ms
from chalicelib.connection.refusals import WorkspaceNotConnected
from chalicelib.history.adjust import AdjustmentRequest, adjust
from chalicelib.idempotency import Key
from chalicelib.ledger.client_usage_table import read_all_months
from chalicelib.ledger.statement import Filter, read_history
from chalicelib.ledger.verify import verify
from chalicelib.moves.answer_move import accept_move
from chalicelib.moves.request_move import MoveRequest, request_move
from chalicelib.payments.new_payment import CardMissing
from chalicelib.pricing.client_price import ClientPrice
from chalicelib.pricing.rebilling import Rebilling
from chalicelib.text import AccountId, Line
from local.stripe_emulator.client import Emulator
from tests.build import event
from tests.connection.conftest import NewOwner
from tests.connection.owner import Owner
from tests.payments.payer import Payer
from tests.usage.agency import ABSORBED, HALF_MORE, call, dated, keep, send

DAY = timedelta(days=1)
FIVE = 5_000_000
SEVEN_CENTS = ClientPrice("price", unit_price_micros=70_000, unit="message")
EIGHT_CENTS = ClientPrice("price", unit_price_micros=80_000, unit="message")

At = Callable[[datetime], None]


@pytest.fixture
def at() -> Iterator[At]:
    """Return a function that moves the clock."""
    with ExitStack() as moves:
        yield lambda moment: moves.enter_context(clock.moved_to(moment))


class Story:
    """The agency with its owner, and its three clients."""

    def __init__(self, owner: Owner, at: At) -> None:
        self.owner, self.at = owner, at
        self.first = (clock.now() - relativedelta(months=2)).replace(day=1, hour=9, minute=0)
        self.second = self.first + relativedelta(months=1)
        self.numbers = iter(range(1, 1_000))
        at(self.first)
        owner.connect()
        self.alpha, self.bravo, self.charlie = (owner.new_client(name=name) for name in ("Alpha", "Bravo", "Charlie"))
        keep(self.alpha.account_id, Rebilling(self.is_on, {"*": self.from_first(HALF_MORE)}))
        prices = {
            "sms": dated((to_ms(self.first), SEVEN_CENTS), (to_ms(self.second), EIGHT_CENTS)),
            "email": self.from_first(ABSORBED),
        }
        keep(self.bravo.account_id, Rebilling(self.is_on, prices, self.from_first(FIVE)))

    @property
    def clients(self) -> tuple[Payer, ...]:
        return self.alpha, self.bravo, self.charlie

    @property
    def is_on(self) -> Any:
        """Return the switch of rebilling, on since the first day."""
        return self.from_first(value=True)

    def from_first(self, value: Any) -> Any:
        return dated((to_ms(self.first), value))

    def credit_agency(self, amount: str) -> None:
        """Fill the agency's own wallet, as the operator can."""
        request = AdjustmentRequest("credit", amount, Line("Paid by bank transfer"))
        adjust(self.owner.account, request, key=Key(f"credit-{next(self.numbers)}", "operator"), actor="operator")

    def pay(self, client: Payer, amount: str) -> None:
        """Let a client add balance with its card."""
        client.top_up(amount, key=f"key-{next(self.numbers)}")

    def use(self, client: Payer, times: int, meter: str = "sms", when: datetime | None = None) -> None:
        """Let a client use something; the event comes when it happens, or late."""
        happened = iso(to_ms(when)) if when else iso(now_ms())
        sent = event(client.account_id, next(self.numbers), type=meter, data={"quantity": str(times)}, time=happened)
        assert send(sent, sent) == []

    def access(self, account_id: str) -> str:
        found = find_access(accounts.get(account_id), catalog()).access
        return found.reason or "allowed"

    def put_standing(self, client: Payer, standing: Any) -> None:
        request = StandingRequest(standing, Line("the contract ended"))
        change_standing(client.account(), request, actor="owner:ann", catalog=catalog())


def test_two_months_of_an_agency(owner: Owner, new_owner: NewOwner, emulator: Emulator, at: At) -> None:
    story = Story(owner, at)
    _first_month(story)
    _stripe_account_changes(story, emulator)
    _second_month(story, new_owner)
    _add_up(story)


def _first_month(story: Story) -> None:
    alpha, bravo, charlie, agency = *story.clients, story.owner.account_id
    assert [story.access(each.account_id) for each in story.clients] == [
        "balance_exhausted",  # its wallet is empty, and its workspace's, too
        "workspace_balance_exhausted",  # it has its allowance
        "workspace_balance_exhausted",  # it needs no balance of its own
    ]
    story.credit_agency("100.00")
    story.pay(alpha, "20.00")
    story.pay(bravo, "10.00")
    assert [story.access(each.account_id) for each in story.clients] == ["allowed"] * 3

    story.at(story.first + 3 * DAY)
    story.use(alpha, 100)
    assert send(call(alpha.account_id, next(story.numbers), time=iso(now_ms()))) == []
    story.use(bravo, 200)
    story.use(bravo, 1_000, "email")
    story.use(charlie, 40)
    # 100 messages and a call at one and a half times their cost.
    assert alpha.balance_micros == 20_000_000 - 7_500_000 - 240_000 - 65_375
    # 200 messages at seven cents; e-mails are absorbed; the allowance came with the first of them.
    assert bravo.balance_micros == 10_000_000 + FIVE - 14_000_000
    assert charlie.balance_micros == 0

    story.at(story.first + 9 * DAY)
    story.use(bravo, 20)
    assert (story.access(bravo.account_id), story.access(agency)) == ("balance_exhausted", "allowed")
    story.pay(bravo, "15.00")
    story.use(alpha, 1_600)
    assert story.access(agency) == "balance_exhausted"
    assert {story.access(each.account_id) for each in (bravo, charlie)} == {"workspace_balance_exhausted"}
    story.credit_agency("50.00")
    assert story.access(bravo.account_id) == "allowed"


def _stripe_account_changes(story: Story, emulator: Emulator) -> None:
    """Break the agency's connection, and connect another Stripe account."""
    alpha, bravo, _ = story.clients
    first_account = story.owner.stripe_account_id
    story.at(story.first + 20 * DAY)
    story.owner.disconnect()
    with pytest.raises(WorkspaceNotConnected):
        story.pay(alpha, "120.00")
    story.owner.connect()
    assert story.owner.stripe_account_id not in {first_account, ""}
    assert alpha.load().card_needed_again
    with pytest.raises(CardMissing):
        story.pay(alpha, "120.00")
    alpha.save_card()
    story.pay(alpha, "120.00")
    assert {payment.stripe_account for payment in alpha.payments} == {first_account, story.owner.stripe_account_id}

    # Bravo objects to a payment of the new account.
    bravo.save_card()
    story.pay(bravo, "30.00")
    before = bravo.balance_micros
    disputed = next(each for each in bravo.payments if each.amount_micros == 30_000_000)
    emulator.open_dispute(str(disputed.charge_id))
    story.owner.deliver("charge.dispute")
    assert bravo.balance_micros == before - 30_000_000


def _second_month(story: Story, new_owner: NewOwner) -> None:
    alpha, bravo, charlie = story.clients
    story.at(story.second + 2 * DAY)
    end_due_allowances()
    # Usage of the first month that comes late is charged at the first month's price.
    before = bravo.balance_micros
    story.use(bravo, 10, when=story.second - timedelta(hours=10))
    assert bravo.balance_micros == before - 700_000
    story.use(bravo, 10)
    assert bravo.balance_micros == before - 700_000 + FIVE - 800_000

    story.put_standing(charlie, "archived")
    assert story.access(charlie.account_id) == "account_archived"
    story.use(charlie, 3)  # what was running when it was archived

    story.at(story.second + 5 * DAY)
    other = new_owner()
    request_move(alpha.account(), MoveRequest(AccountId(other.account_id), "keep"), actor="owner:ann")
    moved = accept_move(other.account, alpha.account_id, "keep", actor="owner:kim", catalog=catalog())
    assert moved.state == "accepted"
    story.at(story.second + 6 * DAY)
    before = alpha.balance_micros
    story.use(alpha, 10, when=story.second + 4 * DAY)
    story.use(alpha, 10)
    # Late usage is the agency's, at its markup; the new workspace does not rebill it.
    assert alpha.balance_micros == before - 750_000
    assert read_all_months(other.account_id)[month_of(now_ms()), alpha.account_id]["sms"].cost_micros == 500_000

    story.at(story.second + relativedelta(months=1) + 2 * DAY)
    end_due_allowances()


def _add_up(story: Story) -> None:
    """Check every wallet, and the margin of each client by both wallets and by what was counted."""
    agency, among = story.owner.account_id, [story.owner.account_id, *(each.account_id for each in story.clients)]
    assert {verify(each, among).difference for each in among} == {None}
    months = read_all_months(agency)
    costs = _usage_micros(agency)
    assert sum(costs.values()) == sum(each.cost_micros for meters in months.values() for each in meters.values())
    for client in story.clients:
        own = {key: meters for key, meters in months.items() if key[1] == client.account_id}
        cost = sum(each.cost_micros for meters in own.values() for each in meters.values())
        price = sum(each.price_micros for meters in own.values() for each in meters.values())
        assert cost == costs[client.account_id]
        assert price == sum(_usage_micros(client.account_id).values())
    # Two months of Bravo: 5.00 each, of which the first was used up and the second was not.
    kinds = [each.content.kind for each in read_history(story.bravo.account_id, limit=100).transactions]
    assert (kinds.count("allowance"), kinds.count("allowance_end")) == (2, 1)


def _usage_micros(account_id: str) -> dict[str, int]:
    """Return what a wallet was debited for usage, by the client that it is of."""
    found: dict[str, int] = {}
    for each in read_history(account_id, Filter(kind="usage"), limit=500).transactions:
        found[each.identity.account_id] = found.get(each.identity.account_id, 0) + each.leg.amount_micros
    return found
