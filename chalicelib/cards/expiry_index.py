"""The door to the index of cards whose expiry is to be told."""

from collections.abc import Iterator

from pynamodb.expressions.update import Action

from chalicelib.cards.expiry import due_at_ms, next_notice_ms
from chalicelib.cards.table import CardRow, cards_of
from chalicelib.conflicts import conditional_write
from chalicelib.due import shard_of


def due(now_ms: int, limit: int) -> Iterator[tuple[str, str, int]]:
    """Yield account, Stripe account and time of the cards whose expiry is to be told, at most `limit` a shard."""
    for row in CardRow.due.due_by(now_ms, limit=limit):
        yield row.account_id, row.stripe_account, int(row.due_at_ms)


def claim(account_id: str, stripe_account: str, due_ms: int, *, again_at_ms: int) -> bool:
    """Postpone cards that are due; False if another function tells of them."""
    return CardRow.due.claim(account_id, stripe_account, due_at=due_ms, again_at=again_at_ms)


def finish(account_id: str, stripe_account: str, claimed_ms: int, now_ms: int) -> None:
    """Have cards that were told of due for their next notice, unless they have changed since they were claimed."""
    next_ms = next_notice_ms(cards_of(CardRow.get(account_id, stripe_account, consistent_read=True)), now_ms)
    if next_ms is None:
        CardRow.due.finish(account_id, stripe_account, due_at=claimed_ms)
    else:
        CardRow.due.claim(account_id, stripe_account, due_at=claimed_ms, again_at=next_ms)


def without_due() -> Iterator[tuple[str, str]]:
    """Yield account and Stripe account of cards that are never due: rows older than notices. Scans the table."""
    never = CardRow.card.exists() & CardRow.due_at_ms.does_not_exist()
    for row in CardRow.scan(never, attributes_to_get=["account_id", "stripe_account"]):
        yield row.account_id, row.stripe_account


def schedule_notice(key: tuple[str, str], now_ms: int) -> None:
    """Have cards that are never due told of before they expire."""
    account_id, stripe_account = key
    row = CardRow.get(account_id, stripe_account, consistent_read=True)
    due_ms, never = due_at_ms(cards_of(row), now_ms), CardRow.due_at_ms.does_not_exist()
    if due_ms is not None:
        actions: list[Action] = [CardRow.due_at_ms.set(due_ms), CardRow.due_shard.set(shard_of(account_id))]
        conditional_write(CardRow(account_id, stripe_account).update, actions, condition=never)
