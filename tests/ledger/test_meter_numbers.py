"""Rows that hold numbers for each meter."""

from chalicelib.ledger.daily_usage import Usage
from chalicelib.ledger.meter_numbers import read_meters
from chalicelib.ledger.table import FIELDS


def test_the_numbers_of_each_meter_are_read_and_nothing_else() -> None:
    item = {
        "account_id": {"S": "acme:count"},
        "sms:count": {"N": "2"},
        "sms:amount": {"N": "15"},
        "ai:model:quantity": {"N": "-3"},
        "sms:refund": {"N": "7"},
        ":count": {"N": "9"},
    }
    found = read_meters(item, Usage, FIELDS)
    assert found == {"sms": Usage(count=2, amount_micros=15), "ai:model": Usage(quantity_micros=-3)}
