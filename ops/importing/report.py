"""What an import comes to: counts, totals by currency, and the differences from what was expected. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from chalicelib.money import format_amount


class Report(msgspec.Struct):
    """The counts of a run. Totals are in micros, by currency: what the file holds, and what of it is in the ledger."""

    rows: int = 0
    done: int = 0
    before: int = 0
    repeated: int = 0
    bad: int = 0
    refused: int = 0
    in_file: Counter[str] = msgspec.field(default_factory=Counter)
    in_ledger: Counter[str] = msgspec.field(default_factory=Counter)

    @property
    def is_complete(self) -> bool:
        """Tell whether every row is imported, and nothing differs."""
        return not self.bad and not self.refused and self.in_file == self.in_ledger

    def lines(self) -> Iterable[str]:
        """Yield the report, for people."""
        yield (
            f"{self.rows} rows: {self.done} imported now, {self.before} before, {self.repeated} repeated in the file, "
            f"{self.bad} bad, {self.refused} refused"
        )
        for currency in sorted(self.in_file):
            yield total_line(currency, self.in_file[currency], self.in_ledger[currency])


def total_line(currency: str, expected: int, found: int) -> str:
    """Write a currency's totals, and the difference if there is one."""
    totals = f"{currency}: {format_amount(expected, currency)} in the file, {format_amount(found, currency)} here"
    return totals if expected == found else f"{totals}, difference {format_amount(found - expected, currency)}"


def compare_balance(
    account_id: str, currency: str, expected_micros: int, balances: Mapping[str, tuple[str, int]]
) -> str | None:
    """Return how an account's balance differs from what was expected; None if it does not."""
    found = balances.get(account_id)
    if found is None:
        return f"{account_id}: expected {format_amount(expected_micros, currency)} {currency}, and there is no wallet"
    if found == (currency, expected_micros):
        return None
    expected, here = format_amount(expected_micros, currency), format_amount(found[1], found[0])
    difference = f", difference {format_amount(found[1] - expected_micros, currency)}" if found[0] == currency else ""
    return f"{account_id}: expected {expected} {currency}, found {here} {found[0]}{difference}"
