"""Compare what accounts hold and use with a catalog, before it is deployed."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import click
import msgspec

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.accounts.table import AccountRow
from chalicelib.accounts.tax import tax_of
from chalicelib.batches import each
from chalicelib.catalog.catalog import FILE, Catalog, Product, read_catalog
from chalicelib.catalog.errors import InvalidCatalog
from chalicelib.ledger.table import read_meters_used
from chalicelib.subscriptions import table
from chalicelib.subscriptions.renewal import chargeable_renewal
from chalicelib.subscriptions.renewal_hold import HOLD_CAUSES
from chalicelib.subscriptions.subscription import Contents, Subscription
from ops.client_prices import find_price_notes
from ops.console import WRONG, new_table, out, tracked


class Finding(msgspec.Struct, frozen=True, order=True):
    """Something that an account holds or uses, and the problem with it."""

    account_id: str
    what: str
    wrong: str


@click.group("catalog")
def catalog() -> None:
    """Inspect the catalog: pricing as code."""


@catalog.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=FILE)
@click.option("--usage-days", default=35, show_default=True, help="How far back meters count as used.")
def check(file: Path, usage_days: int) -> None:
    """Compare a catalog's FILE with all accounts: list what they hold or use that it lacks or could not charge.

    Exits with 1 if there is anything: do not deploy it then. It also lists client prices that the catalog makes void or
    leaves below the cost; they can be charged, so they do not count. It reads whole tables.
    """
    try:
        wanted = read_catalog(file.read_bytes())
    except InvalidCatalog as error:
        raise click.ClickException(f"{file}: {error}") from None
    since = clock.iso(clock.to_ms(clock.now() - timedelta(days=usage_days)))[:10]
    currencies = dict(tracked(_currencies(), "Reading accounts"))
    found, unread = find_all(wanted, since, currencies)
    notes, unread_prices = find_price_notes(wanted, currencies)
    unread += unread_prices
    if notes:
        _print(("account", "client prices of", "note"), notes)
    _print(("account", "what", "wrong"), sorted(found))
    holders = len({each_found.account_id for each_found in found})
    out.print(f"{holders} accounts hold or use what {file.name} lacks, or could not be charged; {unread} not read")
    sys.exit(WRONG if found or unread else 0)


def _print(columns: tuple[str, ...], found: Iterable[msgspec.Struct]) -> None:
    rows = new_table(*columns)
    for each_found in found:
        rows.add_row(*msgspec.structs.astuple(each_found))
    out.print(rows)


def find_all(wanted: Catalog, since: str, currencies: Mapping[str, str]) -> tuple[set[Finding], int]:
    """Return the problems of a catalog for all accounts, and how many subscriptions could not be read."""
    found = {finding for each_one in currencies.items() for finding in _of_account(*each_one, wanted)}

    def look(account_id: str) -> None:
        if held := table.find(account_id):
            found.update(of_subscription(held, accounts.get(account_id), wanted))

    holders = [row.account_id for row in table.SubscriptionRow.scan(attributes_to_get=["account_id"])]
    unread = each(
        tracked(holders, "Reading subscriptions"),
        look,
        message="a subscription could not be compared with the catalog",
        about=lambda account_id: {"account_id": account_id},
    )
    for account_id, meters in tracked(read_meters_used(since), "Reading usage"):
        found.update(_of_usage(account_id, currencies.get(account_id), meters, wanted))
    return found, len(unread)


def _currencies() -> Iterator[tuple[str, str]]:
    for row in AccountRow.scan(attributes_to_get=["account_id", "currency"]):
        yield row.account_id, row.currency


def of_subscription(held: Subscription, account: Account, wanted: Catalog) -> Iterator[Finding]:
    """Yield what a subscription holds, or will hold, that a catalog lacks; else why its renewal cannot be charged."""
    if held.may_start and not held.pending:
        return
    contents = [held.terms.contents, held.scheduled, held.pending.terms.contents if held.pending else None]
    missing = {text for each_contents in contents if each_contents for text in _missing(each_contents, held, wanted)}
    for text in missing:
        yield Finding(held.account_id, text, f"not in the catalog in {held.currency}")
    if missing or held.cancel_at_period_end:
        return
    try:
        chargeable_renewal(held, wanted, tax_of(account, wanted))
    except HOLD_CAUSES as refusal:
        yield Finding(held.account_id, f"renewal of {held.terms.contents.plan}", refusal.detail)


def _missing(contents: Contents, held: Subscription, wanted: Catalog) -> Iterator[str]:
    def is_missing(product: Product | None) -> bool:
        return product is None or held.currency not in product.amounts_micros

    if is_missing(wanted.plans.get(contents.plan)):
        yield f"plan {contents.plan}"
    yield from (f"add-on {name}" for name in contents.add_ons if is_missing(wanted.add_ons.get(name)))


def _of_account(account_id: str, currency: str, wanted: Catalog) -> Iterator[Finding]:
    if currency not in wanted.currencies:
        yield Finding(account_id, f"currency {currency}", "not in the catalog")


def _of_usage(account_id: str, currency: str | None, meters: set[str], wanted: Catalog) -> Iterator[Finding]:
    """Yield used meters that a catalog cannot post: their events still arrive, late ones and new ones."""
    for name in meters:
        meter = wanted.meters.get(name)
        if meter is None:
            yield Finding(account_id, f"meter {name}", "not in the catalog")
        elif currency and meter.prices and currency not in meter.prices:
            yield Finding(account_id, f"meter {name}", f"without a price in {currency}")
