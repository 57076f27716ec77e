"""Usage as a file for a person's spreadsheet, with the numbers of the API. Pure."""

from collections.abc import Iterable

from chalicelib.history.spreadsheet import Sheet
from chalicelib.ledger.client_usage import ClientMonth
from chalicelib.ledger.daily_usage import Days
from chalicelib.money import format_amount, format_micros
from chalicelib.portal.client_shares import MonthRow

BY_DAY = ("day", "meter", "quantity", "amount", "currency", "count")
BY_CLIENT = ("month", "client_id", "meter", "quantity", "cost", "price", "currency", "count")


def write_days(sheet: Sheet, days: Days, currency: str) -> str:
    """Write a row for each day and meter, like `GET /v1/accounts/{id}/usage`."""
    rows = [
        (
            day,
            meter,
            format_micros(usage.quantity_micros),
            format_amount(usage.amount_micros, currency),
            currency,
            usage.count,
        )
        for day, meters in sorted(days.items())
        for meter, usage in sorted(meters.items())
    ]
    return sheet.header(BY_DAY) + sheet.rows(BY_DAY, rows)


def write_client_months(
    sheet: Sheet, months: Iterable[MonthRow], currency: str, unreadable: Iterable[ClientMonth] = ()
) -> str:
    """Write a row for each month, client and meter: what the workspace paid, and what the client paid it.

    A month that cannot be read has a row without meter and numbers, after the others.
    """
    rows = [
        (
            month,
            client_id,
            meter,
            format_micros(usage.quantity_micros),
            format_amount(usage.cost_micros, currency),
            format_amount(usage.price_micros, currency),
            currency,
            usage.count,
        )
        for (month, client_id), meters in months
        for meter, usage in sorted(meters.items())
    ]
    without_numbers = [(month, client_id, "", "", "", "", currency, "") for month, client_id in unreadable]
    return sheet.header(BY_CLIENT) + sheet.rows(BY_CLIENT, [*rows, *without_numbers])
