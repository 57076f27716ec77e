"""A client of one agency, and another agency that may take it."""

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import from_ms, iso, now_ms
from chalicelib.moves import table
from chalicelib.moves.answer_move import accept_move, decline_move
from chalicelib.moves.move import Balance, Move
from chalicelib.moves.request_move import MoveRequest, request_move, withdraw_move
from chalicelib.pricing.rebilling import Rebilling
from chalicelib.text import AccountId
from tests.build import event
from tests.usage.agency import Agency, keep, on, send


class World:
    """`north` has the client `salon`, rebilled at cost unless other settings are given; `south` may take it."""

    def __init__(self, settings: Rebilling | None = None, defaults: Rebilling | None = None) -> None:
        self.north, self.south = Agency(1, on() if settings is None else settings), Agency(0)
        self.salon = self.north.client
        if defaults:
            keep(self.south.id, defaults)

    @property
    def client(self) -> Account:
        return accounts.get(self.salon)

    @property
    def move(self) -> Move | None:
        return table.find(self.salon)

    def ask(self, balance: Balance = "keep", *, to: str | None = None) -> Move:
        request = MoveRequest(AccountId(to or self.south.id), balance)
        return request_move(self.client, request, actor="jane")

    def accept(
        self, balance: Balance | None = "keep", *, to: str | None = None, seen_micros: int | None = None
    ) -> Move:
        workspace = accounts.get(to or self.south.id)
        return accept_move(workspace, self.salon, balance, actor="kim", catalog=catalog(), seen_micros=seen_micros)

    def decline(self) -> Move:
        return decline_move(accounts.get(self.south.id), self.salon, actor="kim")

    def withdraw(self) -> Move:
        return withdraw_move(accounts.get(self.salon), actor="jane")

    def use(self, number: int = 1, times: int = 1, time_ms: int | None = None) -> dict[str, object]:
        """Use something that costs 0.05 each; return the event."""
        sent = event(self.salon, number, time=iso(time_ms or now_ms() - 1_000), data={"quantity": str(times)})
        assert send(sent) == []
        return sent

    def balances(self) -> tuple[int, ...]:
        """Return the balances in micros: north's, the client's, south's."""
        return *self.north.balances(), *self.south.balances()

    def settlements(self) -> list[int]:
        """Return what settlements added to the client's balance, in micros."""
        found = self.north.history(self.salon)
        return [each.leg.signed_micros for each in found if each.content.kind == "settlement"]

    def assert_sound(self) -> None:
        self.north.assert_sound()
        self.south.assert_sound()


@contextmanager
def later(milliseconds: int) -> Iterator[None]:
    """Move the clock on from now."""
    with clock.moved_to(from_ms(now_ms() + milliseconds)):
        yield
