"""What the operator takes of a client's top-up, and the limits of a client's top-ups."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog.catalog import FILE, catalog, read_catalog
from chalicelib.catalog.connect_fee import ConnectFee
from chalicelib.catalog.errors import InvalidCatalog
from chalicelib.money import MICROS, card_step_micros, to_card_amount

DEPLOYED = FILE.read_text()


def deployed_with(percent: str, fixed: str = "{}") -> str:
    return DEPLOYED.replace('fee_percent = "0"', f'fee_percent = "{percent}"').replace(
        "fee_fixed = {}", f"fee_fixed = {fixed}"
    )


@pytest.mark.parametrize(
    ("percent", "fixed", "amount", "currency", "fee"),
    [
        ("0", "{}", 25_000_000, "usd", 0),
        ("2.5", "{}", 25_000_000, "usd", 630_000),  # 0.625, half up to the cent
        ("2.5", '{ usd = "0.30" }', 25_000_000, "usd", 930_000),
        ("2.5", '{ usd = "0.30" }', 25_000_000, "eur", 630_000),
        ("1", '{ jpy = "10" }', 1_550_000_000, "jpy", 26_000_000),
        ("100", '{ usd = "5" }', 10_000_000, "usd", 10_000_000),
        ("0", '{ usd = "5" }', 1_000_000, "usd", 1_000_000),
        ("0.0001", "{}", 1_000_000, "usd", 0),
    ],
)
def test_the_fee_is_a_share_and_a_fixed_amount_and_at_most_all(
    percent: str, fixed: str, amount: int, currency: str, fee: int
) -> None:
    assert read_catalog(deployed_with(percent, fixed).encode()).connect.of(amount, currency) == fee


@given(st.integers(1, 10_000), st.integers(0, MICROS), st.integers(0, 500), st.sampled_from(["usd", "jpy", "kwd"]))
def test_a_card_can_be_charged_every_fee(units: int, rate: int, fixed: int, currency: str) -> None:
    amount, step = units * MICROS, card_step_micros(currency)
    fee = ConnectFee(rate, {currency: fixed * step}).of(amount, currency)
    assert 0 <= fee <= amount
    assert fee == 0 or to_card_amount(fee, currency) > 0


@pytest.mark.parametrize(
    ("percent", "fixed", "said"),
    [
        ("100.1", "{}", "above 100"),
        ("0.00001", "{}", "more than four places"),
        ("-1", "{}", "-1"),
        ("1", '{ sek = "1" }', "'sek' is not among the currencies"),
        ("1", '{ usd = "0.001" }', "no amount that a card is charged in"),
    ],
)
def test_what_is_wrong_with_a_fee_is_said(percent: str, fixed: str, said: str) -> None:
    with pytest.raises(InvalidCatalog, match=said):
        read_catalog(deployed_with(percent, fixed).encode())


def test_a_client_may_add_from_1_to_10_000_dollars_and_a_workspace_what_it_could() -> None:
    client, workspace = catalog().limits("usd", "client"), catalog().limits("usd")
    assert (client.top_up_minimum_micros, client.top_up_maximum_micros) == (1_000_000, 10_000_000_000)
    assert (workspace.top_up_minimum_micros, workspace.top_up_maximum_micros) == (10_000_000, 5_000_000_000)
    lines = [line for line in DEPLOYED.splitlines() if not line.startswith("client_top_up")]
    without = read_catalog("\n".join(lines).encode())
    assert without.limits("usd", "client") == without.limits("usd")


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ('client_top_up_minimum = "1" ', 'client_top_up_minimum = "0.10" '),
        ('client_top_up_minimum = "1" ', 'client_top_up_minimum = "30" '),
        ('client_top_up_maximum = "10000"', 'client_top_up_maximum = "0.50"'),
        ('client_top_up_maximum = "10000"', 'client_top_up_maximum = "100"'),
        ('client_top_up_maximum = "10000"', 'client_top_up_maximum = "99999999999"'),
    ],
)
def test_limits_of_clients_that_do_not_fit_are_refused(line: str, instead: str) -> None:
    assert line in DEPLOYED
    with pytest.raises(InvalidCatalog):
        read_catalog(DEPLOYED.replace(line, instead, 1).encode())
