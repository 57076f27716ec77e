"""Suspend an account, archive it, or make it active again. An account is never deleted."""

from contextlib import suppress
from typing import Final

import msgspec
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account, AccountBusy, Standing
from chalicelib.accounts.create_or_change import ATTEMPTS
from chalicelib.auto_pay import table as auto_pay
from chalicelib.auto_pay.change_settings import AutoPayRequest, change_settings
from chalicelib.backoff import attempts
from chalicelib.cards.table import get_payer
from chalicelib.catalog.catalog import Catalog
from chalicelib.errors import Refusal
from chalicelib.subscriptions.cancel import AlreadyCanceled, cancel
from chalicelib.subscriptions.subscription import SubscriptionNotFound
from chalicelib.text import Line

ACTOR: Final = "archiving"
"""Who ends the recurring charges, as a client sees it: the person is on the standing, which is not for the client."""


class StandingRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A standing, and why. The client does not see the reason."""

    standing: Standing
    reason: Line


class WorkspaceHasClients(Refusal):
    """A workspace cannot be archived before its clients are."""

    status = 409
    type = "workspace-has-clients"
    title = "The workspace has clients"

    def __init__(self, workspace_id: str) -> None:
        super().__init__(
            f"archive its clients first; GET /v1/accounts/{workspace_id}/clients lists them", account_id=workspace_id
        )


def change_standing(account: Account, request: StandingRequest, *, actor: str, catalog: Catalog) -> Account:
    """Give an account a standing, then end the recurring charges of an archived one; return the account.

    Of two at once the later write stands, and whatever comes later, an account that was archived has no recurring
    charges. Repeating an archiving that was cut off finishes it. Raises WorkspaceHasClients, AccountBusy, AutoPayBusy,
    SubscriptionBusy.
    """
    is_ending_workspace = request.standing == "archived" and account.kind == "workspace"
    if is_ending_workspace and accounts.has_clients(account.account_id):
        raise WorkspaceHasClients(account.account_id)
    changed = _write(account, request, actor)
    # From now on it gets no new ones, so these came since it was looked for them.
    if is_ending_workspace and accounts.has_clients(account.account_id):
        _take_back(changed, account)
        raise WorkspaceHasClients(account.account_id)
    if changed.standing == "archived":
        end_recurring_charges(account.account_id, catalog)
    return changed


def _write(account: Account, request: StandingRequest, actor: str) -> Account:
    """Write the standing, unless the account has it with this reason already."""
    for attempt in attempts(ATTEMPTS):
        current = accounts.get_again(account) if attempt else account
        if (current.standing, current.standing_reason) == (request.standing, request.reason):
            return current
        changed = replace(
            current,
            standing=request.standing,
            standing_reason=request.reason,
            standing_actor=actor,
            standing_changed_at_ms=clock.now_ms(),
        )
        if accounts.change(changed, by=actor):
            return replace(changed, version=changed.version + 1)
    raise AccountBusy(account_id=account.account_id)


def _take_back(changed: Account, before: Account) -> None:
    """Give an account the standing that it had before, unless somebody has changed it since."""
    accounts.change(
        replace(
            changed,
            standing=before.standing,
            standing_reason=before.standing_reason,
            standing_actor=before.standing_actor,
            standing_changed_at_ms=before.standing_changed_at_ms,
        ),
        by=changed.standing_actor,
    )


def end_recurring_charges(account_id: str, catalog: Catalog) -> None:
    """Let the subscription end, and switch auto-pay off. Does nothing where that was done before."""
    with suppress(AlreadyCanceled, SubscriptionNotFound):
        cancel(account_id, actor=ACTOR, catalog=catalog)
    settings = auto_pay.find(account_id)
    if settings and settings.enabled:
        change_settings(get_payer(account_id), AutoPayRequest(enabled=False), actor=ACTOR, catalog=catalog)
