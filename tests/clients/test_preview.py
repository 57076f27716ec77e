"""What last month's usage would have brought by other prices."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.clients.preview import MeterPreview, Month, Preview, last_month
from chalicelib.clock import iso, parse_iso
from chalicelib.ledger.client_usage import ClientMeter
from chalicelib.pricing.client_price import AT_COST, ClientPrice
from chalicelib.pricing.rebilling import NO_REBILLING, Rebilling
from tests.clients.rebilling_build import ABSORBED, NOW_MS, catalog_with_new_unit, markup, price, rebilling, tariff

OCTOBER = last_month(NOW_MS)
JULY = last_month(parse_iso("2026-08-31T23:59:59+00:00"))
"""With its first moment, the cost of a voice minute changes from 0.07 to 0.065."""
SMS = {"sms": ClientMeter(10_000_000, 500_000, 700_000, 10)}


def preview(
    used: dict[str, ClientMeter], client: Rebilling, workspace: Rebilling = NO_REBILLING, month: Month = OCTOBER
) -> Preview:
    found = Preview(month, NOW_MS)
    found.add(used, tariff(client, workspace), catalog_with_new_unit())
    return found


def new_amount(used: dict[str, ClientMeter], chosen: ClientPrice, month: Month = OCTOBER) -> int:
    (meter,) = used
    settings: dict[str, Any] = {meter: chosen}
    return preview(used, rebilling(**settings), month=month).meters[meter].new_micros


def test_the_last_month_is_the_one_before_in_utc() -> None:
    assert OCTOBER.name == "2026-10"
    assert (iso(OCTOBER.start_ms), iso(OCTOBER.end_ms)) == ("2026-10-01T00:00:00.000Z", "2026-11-01T00:00:00.000Z")
    assert last_month(parse_iso("2027-01-01T00:00:00+00:00")).name == "2026-12"


@pytest.mark.parametrize(
    ("chosen", "amount"),
    [(AT_COST, 500_000), (ABSORBED, 0), (price(80_000), 800_000), (markup(1.5), 750_000), (price(1, "call"), 500_000)],
    ids=["at cost", "absorbed", "a price", "a markup", "a price for another unit"],
)
def test_each_state_prices_the_usage(chosen: ClientPrice, amount: int) -> None:
    found = preview(SMS, rebilling(sms=chosen)).meters["sms"]
    assert found == MeterPreview("message", 10_000_000, 500_000, 700_000, amount)
    assert found.margin_micros == amount - 500_000


def test_a_client_that_is_switched_off_pays_nothing() -> None:
    found = preview(SMS, rebilling(on_from_ms=None, sms=markup(2), allowance_micros=100))
    assert (found.meters["sms"].new_micros, found.allowance_micros) == (0, 0)


def test_a_month_in_which_the_cost_changed_is_marked_up_as_a_whole_and_priced_by_its_quantity() -> None:
    used = {"voice_minute": ClientMeter(2_000_000, 135_000, 0, 2)}
    assert new_amount(used, markup(1.5), JULY) == 2 * 97_500
    changing = Month("", JULY.start_ms - 1, JULY.end_ms)
    assert new_amount(used, markup(1.5), changing) == 202_500
    assert new_amount(used, price(100_000, "minute"), changing) == 200_000


def test_what_a_producer_priced_or_the_catalog_no_longer_has_takes_a_markup_and_no_price() -> None:
    for meter in ("ai_tokens", "fax"):
        used = {meter: ClientMeter(0, 123_456, 0, 3)}
        assert new_amount(used, markup(2)) == 246_912
        assert new_amount(used, price(1)) == 123_456
        assert new_amount(used, ABSORBED) == 0


def test_a_quantity_in_another_unit_than_the_price_is_not_multiplied_with_it() -> None:
    used = {"knowledge_base": ClientMeter(1_000_000, 2_500_000, 0, 1)}
    assert new_amount(used, price(3_000_000, "month")) == 3_000_000
    assert new_amount(used, price(10_000, "lookup")) == 2_500_000
    mixed = Month("2026-12", OCTOBER.start_ms, parse_iso("2027-02-01T00:00:00+00:00"))
    assert new_amount(used, price(3_000_000, "month"), mixed) == 2_500_000


def test_clients_add_up_each_by_its_own_settings_and_allowances_cover_what_is_charged_at_most() -> None:
    workspace = rebilling(default=markup(2))
    found = Preview(OCTOBER, NOW_MS)
    for client in (
        rebilling(allowance_micros=400_000),
        rebilling(sms=ABSORBED, allowance_micros=9_000_000),
        NO_REBILLING,
    ):
        found.add(SMS, tariff(client, workspace), catalog_with_new_unit())
    assert found.meters == {"sms": MeterPreview("message", 30_000_000, 1_500_000, 2_100_000, 1_000_000)}
    assert (found.clients, found.allowance_micros) == (3, 400_000)


QUANTITIES = st.lists(st.integers(1, 5_000_000), min_size=1, max_size=20)


@given(quantities=QUANTITIES, multiple=st.integers(1, 10_000_000))
def test_a_preview_differs_from_single_events_by_their_roundings_alone(quantities: Any, multiple: int) -> None:
    chosen = ClientPrice("markup", markup_micros=multiple * 100)
    single = [new_amount({"sms": ClientMeter(each, _cost(each), 0, 1)}, chosen) for each in quantities]
    whole = new_amount({"sms": ClientMeter(sum(quantities), sum(map(_cost, quantities)), 0, len(quantities))}, chosen)
    assert abs(whole - sum(single)) <= len(quantities)


def _cost(quantity_micros: int) -> int:
    return (50_000 * quantity_micros + 500_000) // 1_000_000
