"""By which tariff usage of a time is charged, also that of a client that was moved."""

import pytest

from chalicelib.pricing.client_price import ClientPrice
from chalicelib.pricing.rebilling import ALL_METERS, Dated, Rebilling
from chalicelib.pricing.tariff import FormerTariff, Tariff


def defaults(markup_micros: int) -> Rebilling:
    price = ClientPrice("markup", markup_micros=markup_micros)
    return Rebilling(prices={ALL_METERS: (Dated(0, price, 0, "kim"),)})


MOVED = Tariff(
    "client",
    "usd",
    "third",
    Rebilling(switches=(Dated(0, value=True, set_at_ms=0, actor="kim"),)),
    defaults(3),
    (FormerTariff("first", 10, defaults(1)), FormerTariff("second", 20, defaults(2))),
)


@pytest.mark.parametrize(
    ("time_ms", "workspace", "markup"),
    [(0, "first", 1), (9, "first", 1), (10, "second", 2), (19, "second", 2), (20, "third", 3), (99, "third", 3)],
)
def test_usage_is_charged_to_the_workspace_of_its_time_at_the_prices_of_that(
    time_ms: int, workspace: str, markup: int
) -> None:
    tariff = MOVED.at(time_ms)
    assert tariff.payer_id == workspace
    assert tariff.client_price("sms", time_ms) == ClientPrice("markup", markup_micros=markup)
    assert tariff.is_rebilled(time_ms)


def test_all_wallets_that_late_usage_may_change_are_known() -> None:
    assert MOVED.wallet_ids == {"client", "first", "second", "third"}
    assert Tariff("acme", "usd").wallet_ids == {"acme"}
