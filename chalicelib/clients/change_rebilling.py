"""Read and change what a workspace charges its clients, and preview a change."""

from itertools import islice
from typing import Final

import msgspec
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.backoff import attempts
from chalicelib.catalog.catalog import Catalog
from chalicelib.clients.preview import Preview, last_month
from chalicelib.clients.price_change import apply_change
from chalicelib.clients.rebilling_prices import Timeline, timelines
from chalicelib.clients.rebilling_request import RebillingRequest, read_change
from chalicelib.clients.warnings import PriceWarning, find_warnings, unconfirmed
from chalicelib.errors import Busy, Refusal
from chalicelib.ledger.client_usage import ClientMeter
from chalicelib.ledger.client_usage_table import find_client_months, read_client_months
from chalicelib.pricing import table
from chalicelib.pricing.rebilling import NO_REBILLING, Rebilling
from chalicelib.pricing.tariff import Tariff

ATTEMPTS: Final = 8
"""How many times a change is attempted when concurrent writes conflict with it."""

MOST_CLIENTS: Final = 1_000
"""The clients whose usage one preview of a workspace prices: their settings are read in ten calls."""


UsedByClient = list[tuple[str, dict[str, ClientMeter]]]
"""Clients, each with what it used in a month, by meter."""


class RebillingBusy(Busy):
    """Too many concurrent changes of one account's prices."""

    type = "rebilling-busy"
    title = "The prices are being changed by others"


class ConfirmationNeeded(Refusal):
    """Prices that are likely a mistake, and were not confirmed. Nothing was saved."""

    status = 409
    type = "confirmation-needed"
    title = "These prices have to be confirmed"

    def __init__(self, warnings: list[PriceWarning]) -> None:
        said = "; ".join(f"{', '.join(each.meters[:10])}: {each.sentence}" for each in warnings)
        super().__init__(
            f"{said}. If that is meant, send it again with confirmed", field="confirmed", warnings=warnings
        )


class RebillingState(msgspec.Struct, frozen=True):
    """An account's settings at a time: its own, the tariff of a client, and what they come to.

    For a workspace it is the tariff of a client that has no settings of its own.
    """

    account: Account
    own: Rebilling
    tariff: Tariff
    time_ms: int
    timelines: dict[str, Timeline]
    warnings: list[PriceWarning]


def load_rebilling(account: Account, catalog: Catalog, time_ms: int | None = None) -> RebillingState:
    """Return an account's settings as they are at a time, or now.

    Of a client that was just moved it is not before its usage is charged to its workspace.
    """
    time_ms = clock.now_ms() if time_ms is None else time_ms
    return _state_of(account, *_read(account), catalog, max(time_ms, account.charged_from_ms))


def change_rebilling(account: Account, request: RebillingRequest, *, actor: str, catalog: Catalog) -> RebillingState:
    """Change an account's settings; return them as they are when the change takes effect.

    A change that changes nothing is not written. Raises RebillingInvalid, InvalidRequest, ConfirmationNeeded,
    TooManyChanges, AccountNotFound for a client that was moved meanwhile, RebillingBusy.
    """
    for _ in attempts(ATTEMPTS):
        before, after = _plan(account, request, actor, catalog)
        needed = unconfirmed(after.warnings, before.timelines, after.timelines)
        if needed and not request.confirmed:
            raise ConfirmationNeeded(needed)
        # After the settings: if the client is moved only now, their version has changed, and nothing is written.
        accounts.get_again(account)
        if after.own == before.own or _write(before, after, actor):
            return after
    raise RebillingBusy(account_id=account.account_id)


def _write(before: RebillingState, after: RebillingState, actor: str) -> bool:
    account = after.account
    return table.write(
        account.account_id, after.own, over=before.own.version, by=actor, workspace_id=account.workspace_id
    )


def preview_change(
    account: Account, request: RebillingRequest, *, actor: str, catalog: Catalog
) -> tuple[RebillingState, Preview]:
    """Return what a change would come to, and last month's usage priced by it; nothing is saved.

    A workspace's preview is of its clients, each by its own settings. Raises what `change_rebilling` raises for a wrong
    request, and TooManyChanges.
    """
    _, after = _plan(account, request, actor, catalog)
    month = last_month(clock.now_ms())
    clients = _read_used(account, month.name)
    priced = clients[:MOST_CLIENTS]
    settings = table.find_many(client_id for client_id, _ in priced) if account.kind == "workspace" else {}
    found = Preview(month, after.time_ms, is_complete=len(priced) == len(clients))
    for client_id, used in _without_moved(account, priced):
        of_client = replace(after.tariff, rebilling=settings.get(client_id, after.tariff.rebilling))
        found.add(used, of_client, catalog)
    return after, found


def _read_used(account: Account, month: str) -> UsedByClient:
    """Read what a client used in a month, or each client of a workspace, at most one too many."""
    if account.workspace_id:
        return [*find_client_months(account.workspace_id, month, [account.account_id]).items()]
    return [*islice(read_client_months(account.account_id, month), MOST_CLIENTS + 1)]


def _without_moved(account: Account, clients: UsedByClient) -> UsedByClient:
    """Leave out clients that were moved to another workspace: what they pay is no longer this one's."""
    if account.kind == "client":
        return clients
    found = accounts.find_many(client_id for client_id, _ in clients)
    moved = {each.account_id for each in found.values() if each.workspace_id != account.account_id}
    return [(client_id, used) for client_id, used in clients if client_id not in moved]


def _plan(
    account: Account, request: RebillingRequest, actor: str, catalog: Catalog
) -> tuple[RebillingState, RebillingState]:
    """Return the settings before and after a change, both at the time when it takes effect."""
    own, workspace = _read(account)
    now_ms = clock.now_ms()
    change = read_change(request, account, own, catalog, now_ms=now_ms)
    after = apply_change(own, change, actor=actor, now_ms=now_ms, maximum_age_ms=catalog.usage.maximum_age_ms)
    before = _state_of(account, own, workspace, catalog, change.from_ms)
    return before, _state_of(account, after, workspace, catalog, change.from_ms)


def _read(account: Account) -> tuple[Rebilling, Rebilling]:
    """Read an account's own settings, and its workspace's; a workspace has none above its own."""
    ids = [account.account_id, *([account.workspace_id] if account.workspace_id else [])]
    found = table.find_many(ids)
    return found.get(account.account_id, NO_REBILLING), found.get(account.workspace_id or "", NO_REBILLING)


def _state_of(account: Account, own: Rebilling, above: Rebilling, catalog: Catalog, time_ms: int) -> RebillingState:
    of_workspace = account.kind == "workspace"
    client, workspace = (NO_REBILLING, own) if of_workspace else (own, above)
    workspace_id = account.workspace_id or account.account_id
    tariff = Tariff(account.account_id, account.currency, workspace_id, client, workspace)
    found = timelines(tariff, catalog, time_ms)
    warnings = find_warnings(found, is_on=own.is_on(time_ms), of_workspace=of_workspace)
    return RebillingState(account, own, tariff, time_ms, found, warnings)
