import pytest

from chalicelib.catalog.catalog import FILE, UnknownCurrency, catalog, read_catalog
from chalicelib.catalog.errors import InvalidCatalog

DEPLOYED = FILE.read_text()


def test_the_deployed_catalog_is_consistent() -> None:
    found = catalog()
    assert found.limits("usd").top_up_minimum_micros == 10_000_000
    assert found.limits("usd").top_up_maximum_micros == 5_000_000_000
    assert [shortcut // 1_000_000 for shortcut in found.limits("usd").top_up_shortcuts_micros] == [25, 50, 100, 250]


def test_when_auto_pay_tries_a_card_again_is_the_catalogs_to_say() -> None:
    hour_ms = 3_600_000
    assert [catalog().auto_pay.wait_ms(declines) for declines in (1, 2, 3, 4)] == [hour_ms, 6 * hour_ms, None, None]
    never = read_catalog(DEPLOYED.replace("retry_after_hours = [1, 6]", "retry_after_hours = []").encode())
    assert never.auto_pay.wait_ms(1) is None


def test_prices_stand_newest_first() -> None:
    prices = catalog().meters["voice_minute"].prices["usd"]
    assert [price.unit_price_micros for price in prices] == [65_000, 70_000]
    assert prices[0].from_ms > prices[1].from_ms


def test_a_meter_with_parts_has_no_price_of_its_own_and_its_parts_have() -> None:
    meters = catalog().meters
    call = meters["ai_call"]
    assert (call.prices, call.priced_by_producer) == ({}, False)
    assert len(call.parts) == 5
    for part in call.parts:
        assert meters[part].prices.keys() == {"usd", "eur", "gbp", "jpy"}
    assert {price.unit_price_micros for prices in meters["web_audio_minute"].prices.values() for price in prices} == {0}


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("fax", "ai_call: its part 'fax' is not among the meters"),
        ("ai_call", "ai_call: its part 'ai_call' has parts itself"),
        ("llm_minute", "ai_call: a part is named twice"),
    ],
)
def test_what_is_wrong_with_a_part_is_said(part: str, said: str) -> None:
    with pytest.raises(InvalidCatalog, match=said):
        read_catalog(DEPLOYED.replace('parts = ["voice_engine_minute"', f'parts = ["{part}"').encode())


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ("[currencies.usd]", "[currencies.xyz]", "'xyz' is no currency's code"),
        ("[currencies.usd]", "[currencies.USD]", "'USD' is no currency's code"),
        ('country = "US"', 'country = "UK"', "you probably mean GB"),
        ('email = "billing@example.com"', 'email = "billing@example"', "must be an e-mail address"),
        ('color = "#24405f"', 'color = "#24405f\\n"', "must be a colour"),
        ("[dunning]", '[taxes.EL]\nname = "VAT"\nrate = "24"\ninclusive = true\n[dunning]', "you probably mean GR"),
    ],
)
def test_what_is_of_a_list_is_of_the_real_one(line: str, instead: str, said: str) -> None:
    assert line in DEPLOYED
    with pytest.raises(InvalidCatalog, match=said):
        read_catalog(DEPLOYED.replace(line, instead, 1).encode())


def test_a_plan_may_be_paused_only_if_the_catalog_says_for_how_long() -> None:
    assert {name for name, plan in catalog().plans.items() if plan.pausable_days} == {"agency"}
    for wrong in ("0", "366", "-1", '"90"'):
        with pytest.raises(InvalidCatalog, match="pausable_days"):
            read_catalog(DEPLOYED.replace("pausable_days = 90", f"pausable_days = {wrong}").encode())


def test_a_currency_outside_the_catalog_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(UnknownCurrency) as refusal:
        catalog().limits("sek")
    assert refusal.value.about["known"] == ["eur", "gbp", "jpy", "usd"]


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        ('top_up_minimum = "10"', 'top_up_minimum = "0"'),
        ('top_up_minimum = "10"', 'top_up_minimum = "30"'),
        ('top_up_minimum = "10"', 'top_up_minimum = "10.001"'),
        ('top_up_minimum = "10"', "top_up_minimum = 10"),
        ('overdraft = "0"', 'overdraft = "-1"'),
        ('low_balance = "10"', 'low_balance = "-1"'),
        ('low_balance = "10"', ""),
        ("priced_by_producer = true", "priced_by_producer = false"),
        ("parts = [", "priced_by_producer = true\nparts = ["),
        ('parts = ["voice_engine_minute"', "parts = []\nprices = [] #"),
        ('parts = ["voice_engine_minute"', 'parts = ["fax"'),
        ('parts = ["voice_engine_minute"', 'parts = ["ai_call"'),
        ('parts = ["voice_engine_minute"', 'parts = ["llm_minute"'),
        ('usd = "0.0025"', 'usd = "0.00000025"'),
        ('usd = "0.0025"', 'sek = "0.0025"'),
        ("[meters.sms]", "[meters.SMS]"),
        ("from = 2026-07-01T00:00:00Z", "from = 2025-01-01T00:00:00Z"),
        ("from = 2026-07-01T00:00:00Z", "from = 2026-07-01T00:00:00"),
        ("[usage]", "[usage]\nmaximum = 3"),
        ('unneeded = "refund"', 'unneeded = "keep"'),
        ('on_lost = "stop_charging_card"', 'on_lost = "stop"'),
        # What no card can be charged.
        ('top_up_maximum = "5000"', 'top_up_maximum = "1000000"'),
        ('auto_pay_maximum = "5000"', 'auto_pay_maximum = "1000000"'),
        ('auto_pay_minimum = "10"', 'auto_pay_minimum = "10.005"'),
        ('charge_minimum = "0.50"', 'charge_minimum = "0.49"'),
        ('charge_minimum = "0.30"', 'charge_minimum = "0.29"'),
        ('charge_minimum = "50"', 'charge_minimum = "49"'),
        ('usd = "970.00"', 'usd = "1000000.00"'),
        ('jpy = "3000"', 'jpy = "100000000"'),
        ("retry_after_hours = [1, 6]", "retry_after_hours = [0, 6]"),
        ("retry_after_hours = [1, 6]", 'retry_after_hours = ["1"]'),
        ("retry_after_hours = [1, 6]", "retry_after_hours = 1"),
        ("retry_after_hours = [1, 6]", ""),
    ],
)
def test_a_catalog_that_contradicts_itself_is_not_loaded(part: str, instead: str) -> None:
    assert part in DEPLOYED
    with pytest.raises(InvalidCatalog):
        read_catalog(DEPLOYED.replace(part, instead, 1).encode())


@pytest.mark.parametrize(("inclusive", "is_loaded"), [("true", True), ("false", False)])
def test_a_price_that_only_its_tax_makes_too_large_for_a_card_is_not_loaded(inclusive: str, is_loaded: bool) -> None:
    tax = f'\n[taxes.DE]\nname = "VAT"\nrate = "19"\ninclusive = {inclusive}\n'
    dear = (DEPLOYED.replace('usd = "970.00"', 'usd = "900000.00"', 1) + tax).encode()
    if is_loaded:
        assert read_catalog(dear).plans["agency_yearly"].amounts_micros["usd"] == 900_000_000_000
        return
    with pytest.raises(InvalidCatalog, match=r"agency_yearly in usd: a card is charged 999999\.99 at most"):
        read_catalog(dear)


def test_a_price_too_small_for_a_card_is_sold_and_carried_on() -> None:
    found = read_catalog(DEPLOYED.replace('usd = "1.15"', 'usd = "0.015"', 1).encode())
    assert found.add_ons["phone_number"].amounts_micros["usd"] == 15_000
