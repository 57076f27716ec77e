"""An agency with clients, whose usage arrives as messages: what the tests of the double debit share."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Any

from msgspec.structs import replace

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import FormerWorkspace
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import Deadline
from chalicelib.conflicts import conditional_transaction
from chalicelib.ledger import statement, table
from chalicelib.ledger.client_usage_table import read_all_months
from chalicelib.ledger.transaction import Transaction
from chalicelib.ledger.verify import verify
from chalicelib.pricing.client_price import ClientPrice
from chalicelib.pricing.rebilling import Dated, Rebilling
from chalicelib.pricing.table import row_of
from chalicelib.usage.record import record
from tests.build import account, event, sqs_record

HALF_MORE = ClientPrice("markup", markup_micros=1_500_000)
ABSORBED = ClientPrice("absorbed")

_numbers = count(1)


def dated(*values: tuple[int, Any]) -> tuple[Dated[Any], ...]:
    """Return values with the times from which they are valid, given oldest first."""
    return tuple(Dated(from_ms, value, from_ms, "owner") for from_ms, value in reversed(values))


def on(**prices: ClientPrice) -> Rebilling:
    """Return settings that have always been on, with prices by meter."""
    return Rebilling(dated((0, True)), {meter: dated((0, price)) for meter, price in prices.items()})


def keep(account_id: str, settings: Rebilling) -> None:
    """Store an account's settings as they are, whatever was stored before."""
    row_of(account_id, replace(settings, version=settings.version or 1)).save()


class Agency:
    """A workspace with clients."""

    def __init__(self, clients: int = 1, settings: Rebilling | None = None) -> None:
        self.id = f"agency-{next(_numbers)}"
        self.clients = [f"{self.id}.{number}" for number in range(clients)]
        assert accounts.create(account(self.id))
        for client in self.clients:
            assert accounts.create(account(client, workspace_id=self.id))
            if settings:
                keep(client, settings)

    @property
    def client(self) -> str:
        return self.clients[0]

    def balances(self) -> tuple[int, ...]:
        """Return the balances in micros: the workspace's, then each client's."""
        return tuple(table.read_wallet(each).balance_micros for each in (self.id, *self.clients))

    def history(self, account_id: str) -> Sequence[Transaction]:
        """Return an account's transactions, newest first."""
        return statement.read_history(account_id, limit=500).transactions

    def assert_sound(self) -> None:
        """Check that all wallets, and what clients used by month, agree with the pages."""
        among = [self.id, *self.clients]
        assert {verify(each, among).difference for each in among} == {None}

    def used(self, client: str) -> Mapping[str, tuple[int, int]]:
        """Return cost and price in micros of what a client used, by meter, over all months."""
        found: dict[str, tuple[int, int]] = {}
        for (_, client_id), meters in read_all_months(self.id).items():
            for meter, usage in meters.items() if client_id == client else ():
                cost, price = found.get(meter, (0, 0))
                found[meter] = (cost + usage.cost_micros, price + usage.price_micros)
        return found


def send(*bodies: Any) -> list[str]:
    """Record messages; return the numbers of those that are delivered again."""
    messages = [sqs_record(body, str(number)) for number, body in enumerate(bodies)]
    return record(messages, catalog(), Deadline(60))


def call(client: str, number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a call with three parts, one of which is free."""
    parts = [
        {"meter": "voice_engine_minute", "quantity": "2"},
        {"meter": "llm_minute", "quantity": "0.871667"},
        {"meter": "web_audio_minute", "quantity": "2"},
    ]
    return event(client, number, type="ai_call", data={"parts": parts}, **changes)


def amounts(transactions: Iterable[Transaction]) -> list[int]:
    return [each.leg.amount_micros for each in transactions]


def move(client: str, workspace: str, moved_at_ms: int, charged_until_ms: int | None = None) -> None:
    """Give a client to another workspace, as `moves` does it: usage before the second time stays the former one's."""
    account = accounts.get(client)
    former = FormerWorkspace(str(account.workspace_id), moved_at_ms, charged_until_ms or moved_at_ms)
    formers = (*account.former_workspaces, former)
    moved = replace(account, workspace_id=workspace, former_workspaces=formers)
    assert conditional_transaction(lambda transaction: accounts.add_move(transaction, moved))
