"""Forget an account, or say what that would take."""

from typing import Final

import msgspec
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account, AccountBusy, FormerWorkspace
from chalicelib.accounts.create_or_change import ATTEMPTS
from chalicelib.backoff import attempts
from chalicelib.batches import each
from chalicelib.catalog.catalog import Catalog
from chalicelib.clients.change_standing import StandingRequest, change_standing
from chalicelib.text import Line
from ops.forgetting.obstacles import obstacles
from ops.forgetting.open_matters import read_open_matters
from ops.forgetting.steps import STEPS, Note, Step

ACTOR: Final = "operator"
NAME: Final = "Forgotten"
REASON: Final = Line("Forgotten: contact data removed for good")


class NotForgettable(Exception):
    """Something is still open; `obstacles` names it."""

    def __init__(self, found: list[str]) -> None:
        super().__init__("; ".join(found))
        self.obstacles = found


class Plan(msgspec.Struct, frozen=True):
    """What forgetting an account takes: what is in the way, and how many rows or objects of each place are to go."""

    account: Account
    obstacles: list[str]
    counts: dict[str, int]


def plan(account_id: str) -> Plan:
    """Return what forgetting an account takes, without writing anything. Raises AccountNotFound."""
    account = accounts.get(account_id)
    counts = {"accounts": int(not is_cleared(account)), **{step.place: step.count(account_id) for step in STEPS}}
    return Plan(account, find_obstacles(account), counts)


def find_obstacles(account: Account) -> list[str]:
    """Return what keeps an account from being forgotten; nothing for one that is."""
    return [] if is_cleared(account) else list(obstacles(read_open_matters(account)))


def forget_account(account_id: str, catalog: Catalog, note: Note) -> dict[str, int]:
    """Forget an account; return what was removed, by place. A step that fails does not keep back the others.

    Obstacles are looked for again once the account is archived: from then on nothing new begins. Raises
    AccountNotFound, NotForgettable, AccountBusy, StepsFailed.
    """
    account = accounts.get(account_id)
    _check(account)
    if not is_cleared(account):
        account = change_standing(account, StandingRequest("archived", REASON), actor=ACTOR, catalog=catalog)
        _check(account)
        clear_account(account_id)
    removed: dict[str, int] = {}

    def run(step: Step) -> None:
        removed[step.place] = step.run(account_id, note)

    failures = each(STEPS, run, message="a step of forgetting failed", about=lambda step: {"place": step.place})
    if failures:
        raise StepsFailed({failure.item.place: str(failure.error) for failure in failures})
    return removed


class StepsFailed(Exception):
    """Steps that could not be finished, each with its error; another run goes on with them."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(f"{place}: {error}" for place, error in errors.items()))


def _check(account: Account) -> None:
    if found := find_obstacles(account):
        raise NotForgettable(found)


def clear_account(account_id: str) -> None:
    """Remove an account's contact data and mark it as forgotten. Raises AccountBusy."""
    for _ in attempts(ATTEMPTS):
        current = accounts.get(account_id)
        if is_cleared(current) or accounts.change(without_contact_data(current, clock.now_ms()), by=ACTOR):
            return
    raise AccountBusy(account_id=account_id)


def is_cleared(account: Account) -> bool:
    """Tell whether an account is forgotten, and nothing of its contact data has come back.

    Code that is older than forgetting may have written it while it was being replaced.
    """
    at_ms = account.forgotten_at_ms
    return at_ms is not None and account.standing == "archived" and without_contact_data(account, at_ms) == account


def without_contact_data(account: Account, now_ms: int) -> Account:
    """Return an account as it is forgotten. Its country stays on its documents, which say how it was taxed."""
    return replace(
        account,
        name=NAME,
        email="",
        country=None,
        billing_details=None,
        standing_actor=ACTOR,
        forgotten_at_ms=account.forgotten_at_ms or now_ms,
        former_workspaces=tuple(
            FormerWorkspace(each.workspace_id, each.moved_at_ms, each.charged_until_ms, NAME)
            for each in account.former_workspaces
        ),
    )
