"""Rebuild what is derived from a wallet's pages: the wallet's row, its days, and its clients' months.

The pages are the truth, each names the one before, and all else is derived from them. After rows were lost or damaged
and restored as of some time, they no longer agree with the pages. Nothing may be posted meanwhile: a wallet's row that
is behind its pages would take numbers again that they have.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.conflicts import conditional_transaction
from chalicelib.ledger import client_usage_table, page_table, table
from chalicelib.ledger.client_usage import ClientMonths
from chalicelib.ledger.client_usage_check import ClientUsageCheck
from chalicelib.ledger.daily_usage import Days, add_days, sum_usage_by_day
from chalicelib.ledger.meter_numbers import Fields
from chalicelib.ledger.page import Page, append
from chalicelib.ledger.read_page import read_header, transactions_of
from chalicelib.ledger.verify import StillMoving, check_wallet
from chalicelib.ledger.wallet import END_OF_TIME_MS, Wallet
from chalicelib.tables import Item, Table, query_items

ROWS_A_WRITE: Final = 99
"""A transaction holds 100 items; one is the condition on the wallet."""

COST_FIELDS: Final = {part: field for part, field in client_usage_table.FIELDS.items() if part != "price"}
PRICE_FIELDS: Final = {part: field for part, field in client_usage_table.FIELDS.items() if part == "price"}


class BrokenChain(Exception):
    """The stored pages do not form one chain from the first transaction on: nothing can be derived from them."""


class Derived(msgspec.Struct, frozen=True):
    """What the pages of a wallet imply. `check` has the usage of its clients, and its own as a client."""

    wallet: Wallet
    days: Days
    check: ClientUsageCheck


class RowChange(msgspec.Struct, frozen=True):
    """The actions that make a row of daily or client usage agree with the pages; None deletes it."""

    row: Table
    actions: list[Action] | None


class Rebuild(msgspec.Struct, frozen=True):
    """A wallet before and after, and how many other rows did not agree. None if its row was missing or unreadable."""

    before: Wallet | None
    after: Wallet
    rows: int

    @property
    def changed(self) -> bool:
        """Tell whether anything did not agree with the pages."""
        return self.rows > 0 or self.before != self.after


def rebuild(account_id: str, currency: str, *, write: bool) -> Rebuild:
    """Derive a wallet from its pages and, if `write`, make the stored rows agree. `currency` is the account's.

    Cut off, it is continued by a repeat: the wallet's row is written last. Raises BrokenChain, UnreadablePage, and
    StillMoving if something was posted meanwhile.
    """
    item = next(query_items(table.WalletRow, account_id), None)
    before = table.readable_wallet(item)
    derived = derive(account_id, currency, page_table.read_pages(account_id, 0, END_OF_TIME_MS))
    pages = page_table.read_pages(account_id, 0, END_OF_TIME_MS)
    found = check_wallet(derived.wallet, pages, derived.days, _no_sibling, _agreeing(derived))
    if found.difference:
        raise BrokenChain(f"{account_id}: {found.difference}")
    changes = [*_day_changes(account_id, derived.days), *_client_changes(account_id, derived.check)]
    result = Rebuild(before, derived.wallet, len(changes))
    if write and result.changed:
        _write(item, derived.wallet, changes)
    return result


def derive(account_id: str, currency: str, pages: Iterable[Page]) -> Derived:
    """Derive the wallet, its days and its clients' usage from its pages, in any order. Raises BrokenChain.

    Keeps all headers in memory, but never more than one body.
    """
    check = ClientUsageCheck(account_id)
    days: Days = {}
    chain: list[Page] = []
    for page in pages:
        transactions = transactions_of(page)
        times = [each.identity.occurred_at_ms for each in transactions]
        contents, legs = [each.content for each in transactions], [each.leg for each in transactions]
        add_days(days, sum_usage_by_day(times, contents, legs))
        for transaction in transactions:
            check.add(transaction)
        currency = read_header(page).currency
        chain.append(replace(page, body=b""))
    wallet = Wallet(account_id, currency)
    for page in sorted(chain, key=lambda each: each.first_sequence):
        if page.first_sequence != wallet.sequence + 1 or page.previous_hash != wallet.head_hash:
            raise BrokenChain(_break_at(wallet, page))
        wallet = append(wallet, page)
    return Derived(wallet, days, check)


def _break_at(wallet: Wallet, page: Page) -> str:
    expected = wallet.sequence + 1
    if page.first_sequence > expected:
        return f"{wallet.account_id}: transactions {expected} to {page.first_sequence - 1} are missing"
    if page.first_sequence < expected:
        return f"{wallet.account_id}: page {page.key} has numbers that another page has, too"
    return f"{wallet.account_id}: page {page.key} does not follow the page before it"


def _no_sibling(_: object) -> None:
    """Siblings are compared by `verify`, when all wallets are rebuilt."""


def _agreeing(derived: Derived) -> ClientUsageCheck:
    """Return a check that has nothing to object to: the rows are made of the same sums."""

    def months(workspace_id: str) -> ClientMonths:
        own = derived.check.costs if workspace_id == derived.wallet.account_id else {}
        return {**own, **derived.check.prices.get(workspace_id, {})}

    return ClientUsageCheck(derived.wallet.account_id, months)


def _day_changes(account_id: str, days: Days) -> Iterator[RowChange]:
    """Yield the changes of the days that do not agree; a day without usage has no row."""
    stored = {item["day"]["S"]: item for item in query_items(table.DailyUsageRow, account_id)}
    for day in sorted(days.keys() | stored.keys()):
        actions = _differences(stored.get(day, {}), days.get(day, {}), table.FIELDS)
        if actions or day not in days:
            yield RowChange(table.DailyUsageRow(account_id, day), actions if day in days else None)


def _client_changes(account_id: str, check: ClientUsageCheck) -> Iterator[RowChange]:
    """Yield the changes of the months of the wallet's clients, and of its own months as a client.

    The first have the workspace's costs, the second the client's prices: each wallet writes its own part of a row.
    """
    yield from _month_changes(account_id, check.costs, COST_FIELDS, client_id=None)
    for workspace_id, prices in sorted(check.prices.items()):
        yield from _month_changes(workspace_id, prices, PRICE_FIELDS, client_id=account_id)


def _month_changes(
    workspace_id: str, months: ClientMonths, fields: Fields, *, client_id: str | None
) -> Iterator[RowChange]:
    stored = client_usage_table.read_month_items(workspace_id)
    for month in sorted(months.keys() | stored.keys()):
        if client_id in (None, month[1]):
            actions = _differences(stored.get(month, {}), months.get(month, {}), fields)
            if actions:
                yield RowChange(client_usage_table.row_of(workspace_id, month), actions)


def _differences(item: Item, meters: Mapping[str, Any], fields: Fields) -> list[Action]:
    """Return the actions that make a row's numbers those of `meters`. A number of zero may be missing.

    What is stored is compared as it is: a number that cannot be read is one that differs.
    """
    wanted = {
        f"{meter}:{part}": getattr(usage, each) for meter, usage in meters.items() for part, each in fields.items()
    }
    stored = {name: value.get("N") for name, value in item.items() if name.rpartition(":")[2] in fields}
    actions: list[Action] = []
    for name in sorted(wanted.keys() | stored.keys()):
        if stored.get(name, "0") != str(wanted.get(name, 0)):
            path = Path([name])
            actions.append(path.set(wanted[name]) if name in wanted else path.remove())
    return actions


def _write(before: Item | None, after: Wallet, changes: Sequence[RowChange]) -> None:
    """Write all changes, the wallet last, each on condition that nothing was posted. Raises StillMoving."""
    unchanged = _unchanged(before)

    def add(some: Sequence[RowChange], transaction: TransactWrite) -> None:
        transaction.condition_check(table.WalletRow, after.account_id, condition=unchanged)
        for change in some:
            if change.actions is None:
                transaction.delete(change.row)
            else:
                transaction.update(change.row, actions=change.actions)

    def add_wallet(transaction: TransactWrite) -> None:
        transaction.save(table.wallet_row(after), condition=unchanged)

    chunks = (changes[start : start + ROWS_A_WRITE] for start in range(0, len(changes), ROWS_A_WRITE))
    writes: list[Callable[[TransactWrite], None]] = [*(partial(add, chunk) for chunk in chunks), add_wallet]
    if not all(conditional_transaction(each) for each in writes):
        raise StillMoving(after.account_id)


def _unchanged(item: Item | None) -> Condition:
    """Return the condition that nothing was posted since a wallet's row was read, whatever is stored in it."""
    if item is None:
        return table.WalletRow.account_id.does_not_exist()
    same: Condition = _is_stored("sequence", item) & _is_stored("head_hash", item)
    return same


def _is_stored(name: str, item: Item) -> Condition:
    path = Path([name])
    condition: Condition = path == item[name] if name in item else path.does_not_exist()
    return condition
