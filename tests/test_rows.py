"""A row is made of an item as PynamoDB makes it."""

from typing import Any

import pytest
from msgspec import to_builtins
from pynamodb.attributes import AttributeContainer
from pynamodb.exceptions import AttributeDeserializationError

from chalicelib.accounts.table import AccountRow
from chalicelib.auto_pay.table import AutoPayRow
from chalicelib.ledger.table import WalletRow
from chalicelib.payments.table import PaymentRow
from chalicelib.payments.table import _row_of as row_of
from chalicelib.subscriptions.table import SubscriptionRow
from chalicelib.tables import Table
from tests.payments.build import payment

TABLES: list[type[Table]] = [AccountRow, AutoPayRow, PaymentRow, SubscriptionRow, WalletRow]
SAMPLES = {"S": '"text"', "N": "-12.5", "BOOL": False, "B": b"\x00", "L": [], "M": {}}


def by_pynamodb(table: type[Table], item: dict[str, Any]) -> dict[str, Any]:
    row: Any = AttributeContainer._instantiate.__func__(table, item)  # type: ignore[attr-defined]
    return {name: getattr(row, name) for name in table.get_attributes()}


@pytest.mark.parametrize("table", TABLES)
def test_a_row_with_everything_and_one_with_nothing_are_as_pynamodb_makes_them(table: type[Table]) -> None:
    attributes = table.get_attributes().values()
    full = {each.attr_name: {each.attr_type: SAMPLES[each.attr_type]} for each in attributes}
    nulls: dict[str, Any] = {each.attr_name: {"NULL": True} for each in attributes}
    for item in (full, nulls, {}, {**full, "unknown": {"S": "attribute"}}):
        assert table.from_raw_data(item).values() == by_pynamodb(table, item)


def test_a_payment_is_read_as_it_was_written() -> None:
    item = row_of(payment(refunded_micros=5)).serialize()
    assert to_builtins(PaymentRow.from_raw_data(item).values()) == by_pynamodb(PaymentRow, item)


def test_a_value_of_another_type_is_refused() -> None:
    with pytest.raises(AttributeDeserializationError):
        WalletRow.from_raw_data({"balance_micros": {"S": "12"}})
