"""Open the allowances of months whose first usage is posted. Their credits are posted together with that usage."""

from collections.abc import Collection, Iterable
from typing import Final

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.allowances import table
from chalicelib.allowances.allowance import Allowance, allowance_to_open
from chalicelib.allowances.table import ClientMonth
from chalicelib.batches import each
from chalicelib.log import log
from chalicelib.pricing.tariff import Tariff

NOT_OPENED: Final = "an allowance was not opened"


def open_allowances(months: Iterable[tuple[Tariff, str]]) -> list[Allowance]:
    """Return the allowances whose credits are to be posted with the usage of these clients and months.

    An error is logged and opens nothing: usage is posted nevertheless, and the client's next usage opens the allowance.
    """
    now_ms = clock.now_ms()
    wanted = {
        (tariff.account_id, month): amount_micros
        for tariff, month in months
        if (amount_micros := allowance_to_open(tariff, month, now_ms))
    }
    found, opened = _find(wanted), list[Allowance]()
    each(
        wanted,
        lambda key: opened.append(found.get(key) or table.open_new(Allowance(*key, wanted[key], now_ms))),
        message=NOT_OPENED,
        about=lambda key: {"account_id": key[0], "month": key[1]},
    )
    return [allowance for allowance in opened if not allowance.is_credited]


def _find(months: Collection[ClientMonth]) -> dict[ClientMonth, Allowance]:
    """Read allowances in one call; nothing if that fails: opening finds each by itself."""
    try:
        return table.find_many(months)
    except Exception:  # noqa: BLE001 - each is then read by itself; logged with its stack
        log().exception("allowances could not be read together")
        return {}


def note_credited(allowances: Iterable[Allowance]) -> None:
    """Note that the credits of allowances are posted. If that fails, the next usage finds them posted."""
    each(
        allowances,
        lambda allowance: table.advance(allowance, replace(allowance, state="credited")),
        message="an allowance was not noted as credited",
        about=lambda allowance: {"account_id": allowance.account_id, "month": allowance.month},
    )
