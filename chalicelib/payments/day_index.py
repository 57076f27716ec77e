"""The door to the index of payments by the day that they were begun on, and to payments of many accounts at once."""

from collections.abc import Iterable, Iterator

from chalicelib.batches import Failure, each
from chalicelib.payments.indexes import ByDayIndex
from chalicelib.payments.payment import Payment
from chalicelib.payments.table import PaymentRow, payment_of
from chalicelib.stripe_api.stripe_account import StripeAccount
from chalicelib.stripe_api.stripe_day import Key, OfDay, newest_of, partitions_of
from chalicelib.tables import KEYS_A_CALL, read_rows


def newest_of_day(stripe_account: StripeAccount, day: str, *, before_ms: int, limit: int) -> OfDay:
    """Return a day's payments that were begun before a moment: the newest `limit` of each shard."""

    def read(partition: str) -> list[tuple[int, Key]]:
        rows = PaymentRow.by_day.query(
            partition,
            ByDayIndex.created_at_ms < before_ms,
            scan_index_forward=False,
            limit=limit,
            page_size=limit,
            attributes_to_get=["account_id", "payment_id", "created_at_ms"],
        )
        return [(int(row.created_at_ms), (row.account_id, row.payment_id)) for row in rows]

    return newest_of(map(read, partitions_of(stripe_account, day)), limit)


def read_payments(keys: Iterable[Key]) -> tuple[dict[Key, Payment], list[Failure[Key]]]:
    """Read payments of any accounts, strongly consistent, 100 a call; return them, and those that cannot be read."""
    found: dict[Key, Payment] = {}
    failures: list[Failure[Key]] = []
    for batch in _batches(dict.fromkeys(keys)):
        rows = read_rows({PaymentRow: batch})

        def keep(key: Key) -> None:
            row = rows.find(PaymentRow, key)  # noqa: B023 - called within this turn of the loop
            if row is not None:
                found[key] = payment_of(row)

        failures += each(batch, keep, message="a payment cannot be read", about=_about)
    return found, failures


def _batches(keys: Iterable[Key]) -> Iterator[list[Key]]:
    every = list(keys)
    for start in range(0, len(every), KEYS_A_CALL):
        yield every[start : start + KEYS_A_CALL]


def _about(key: Key) -> dict[str, object]:
    account_id, payment_id = key
    return {"account_id": account_id, "payment_id": payment_id}
