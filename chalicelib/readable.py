"""Rows that cannot be read: each is logged as an error, and what needs it alone does without it.

Only for what is shown, and for what is safe without the row: budgets then close nothing, an audit begins anew. What
charges, posts or changes a row raises instead: money is never guessed.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from chalicelib.batches import each
from chalicelib.log import log

ReadT = TypeVar("ReadT")

UNREADABLE: Final = "a row cannot be read"


def read_each(ids: Iterable[str], read: Callable[[str], ReadT], *, what: str) -> tuple[dict[str, ReadT], list[str]]:
    """Read something of each account, and return it by id, and the accounts of which it cannot be read.

    `read` only makes values of rows: it makes no calls.
    """
    found: dict[str, ReadT] = {}

    def keep(account_id: str) -> None:
        found[account_id] = read(account_id)

    failures = each(ids, keep, message=UNREADABLE, about=lambda account_id: {"account_id": account_id, "what": what})
    return found, [failure.item for failure in failures]


def read_or(read: Callable[[], ReadT], otherwise: Callable[[], ReadT], *, about: Mapping[str, str]) -> ReadT:
    """Read something; `otherwise` makes what stands for it if it cannot be read. `about` has its ids, for the log."""
    try:
        return read()
    except Exception:  # noqa: BLE001 - any error is of this row alone: logged with its stack, and an alarm tells
        log().exception(UNREADABLE, **about)
        return otherwise()
