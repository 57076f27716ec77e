"""Post opening balances and history to the ledger: each row once, however often and by how many runs it is posted."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.auto_pay import table as auto_pay
from chalicelib.backoff import attempts
from chalicelib.clock import Deadline, parse_iso
from chalicelib.ledger.commit import classify
from chalicelib.ledger.load import load_wallets
from chalicelib.ledger.post import LedgerBusy, OutOfTime, post
from chalicelib.ledger.posting import CREDIT, DEBIT, Posting, one_leg
from chalicelib.money import parse_micros, parse_signed_micros
from chalicelib.typed import json_decoder
from ops.importing.record import BalanceRecord, Record, TransactionRecord
from ops.importing.staging import RowResult, StagedRow

SOURCE: Final = "/imports"
OPENING: Final = "opening-balance"
"""The id of the one event that an account's wallet begins with: so a second one is a conflict, not a second balance."""

ACTOR: Final = "operator"
SECONDS: Final = 120.0
"""How long the postings of a batch may take: nobody waits at the other end, as the API's callers do."""

TRIES: Final = 5
"""How often rows are posted whose wallets were busy with live postings all the time."""

RecordT = TypeVar("RecordT", bound=Record)


class NotPostable(Exception):
    """A row that must not be posted; its text says why."""


class RowPosting(Posting, frozen=True):
    """The posting of a row."""

    row: StagedRow | None = None


def post_balances(rows: Sequence[StagedRow], *, write: bool = True) -> list[RowResult]:
    """Post opening balances, one an account at most: with another amount it is refused."""
    return _post(rows, BalanceRecord, opening_posting, write=write)


def post_transactions(rows: Sequence[StagedRow], *, write: bool = True) -> list[RowResult]:
    """Post transactions of the past at their own times."""
    return _post(rows, TransactionRecord, history_posting, write=write)


def opening_posting(record: BalanceRecord, account: Account) -> Posting | None:
    """Return the posting of an opening balance; None for a balance of zero. Raises NotPostable.

    Its time is when the account was created. That never changes, so the event is found again by every later run,
    whatever its file says; and what the account does here comes after it.
    """
    _check_account(account, record.currency)
    micros = parse_signed_micros(record.balance)
    if micros == 0:
        return None
    return one_leg(
        account.account_id,
        type=CREDIT if micros > 0 else DEBIT,
        kind="opening_balance",
        amount_micros=abs(micros),
        source=SOURCE,
        event_id=OPENING,
        occurred_at_ms=account.created_at_ms,
        actor=ACTOR,
    )


def history_posting(record: TransactionRecord, account: Account) -> Posting | None:
    """Return the posting of a transaction of the past; None for an amount of zero. Raises NotPostable."""
    _check_account(account, record.currency)
    micros, occurred_at_ms = parse_micros(record.amount), parse_iso(record.occurred_at)
    if occurred_at_ms < account.created_at_ms:
        raise NotPostable("it is older than the account: import the account with an earlier created_at")
    if micros == 0:
        return None
    return one_leg(
        account.account_id,
        type=record.type,
        kind="imported",
        amount_micros=micros,
        source=SOURCE,
        event_id=f"history/{record.event_id}",
        occurred_at_ms=occurred_at_ms,
        description=record.description or "",
        actor=ACTOR,
    )


def _check_account(account: Account, currency: str) -> None:
    if currency != account.currency:
        raise NotPostable(f"the account's currency is {account.currency}, not {currency}")
    if account.standing == "archived":
        raise NotPostable("the account is archived")


def _post(
    rows: Sequence[StagedRow],
    kind: type[RecordT],
    posting_of: Callable[[RecordT, Account], Posting | None],
    *,
    write: bool,
) -> list[RowResult]:
    """Post a batch of rows; each is done, was done before, or is refused by itself. Without `write`, only say which."""
    records = [json_decoder(kind).decode(row.record) for row in rows]
    found = find_accounts(sorted({record.account_id for record in records}))
    results: list[RowResult] = []
    postings: list[RowPosting] = []
    for row, record in zip(rows, records, strict=True):
        try:
            posting = posting_of(record, _postable(record.account_id, found))
        except NotPostable as why:
            results.append(RowResult(row, "refused", str(why)))
            continue
        if posting is None:
            results.append(RowResult(row, "done"))
        else:
            postings.append(RowPosting(posting.identity, posting.content, posting.legs, posting.actor, row))
    return [*results, *(_post_patiently(postings) if write else _look_up(postings))]


def find_accounts(account_ids: Sequence[str]) -> Mapping[str, Account | str]:
    """Return accounts by id, or why nothing is posted to one: it has none, cannot be read, or auto-pay is on."""
    found: dict[str, Account | str] = {}
    for start in range(0, len(account_ids), 100):
        some = account_ids[start : start + 100]
        readable = accounts.find_readable(some)
        for each in some:
            found[each] = readable.get(each) or "there is no such account, or it cannot be read"
        # What passes through a wallet while its history is imported is no reason to charge a card.
        for account_id, settings in auto_pay.find_many(readable).items():
            if settings.enabled:
                found[account_id] = "auto-pay is on: switch it off for the import"
    return found


def _postable(account_id: str, found: Mapping[str, Account | str]) -> Account:
    account = found[account_id]
    if isinstance(account, str):
        raise NotPostable(account)
    return account


def _post_patiently(postings: Sequence[RowPosting]) -> list[RowResult]:
    """Post, and post again what found its wallet busy."""
    results: list[RowResult] = []
    waiting = list(postings)
    for attempt in attempts(TRIES):
        result = post(waiting, deadline=Deadline(SECONDS))
        results += [RowResult(_row(each), "done") for each in result.posted]
        results += [RowResult(_row(each), "before") for each in result.repeats]
        results += [RowResult(_row(each), "refused", CONTRADICTS) for each in result.conflicts]
        busy = [each for each in result.refused if isinstance(each.error, LedgerBusy | OutOfTime)]
        last = attempt == TRIES - 1
        results += [
            RowResult(_row(each.posting), "refused", str(each.error) or type(each.error).__name__)
            for each in result.refused
            if last or each not in busy
        ]
        waiting = [each.posting for each in busy]
        if not waiting or last:
            return results
    return results


def _look_up(postings: Sequence[RowPosting]) -> list[RowResult]:
    """Return what would become of postings, by what is in the wallets' pages."""
    loaded = load_wallets(postings, {})
    errors = [(each, loaded.errors.get(each.legs[0].account_id)) for each in postings]
    found = classify(
        [each for each, error in errors if error is None],
        {account_id: each.posted for account_id, each in loaded.snapshots.items()},
    )
    return [
        *(RowResult(_row(each), "done") for each in found.new),
        *(RowResult(_row(each), "before") for each in found.repeats),
        *(RowResult(_row(each), "refused", CONTRADICTS) for each in found.conflicts),
        *(RowResult(_row(each), "refused", str(error)) for each, error in errors if error),
    ]


CONTRADICTS: Final = "was posted before with other content; that stays"


def _row(posting: RowPosting) -> StagedRow:
    assert posting.row is not None  # noqa: S101 - each is made with its row
    return posting.row
