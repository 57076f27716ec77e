"""A workspace's own taxes: the same rule as the catalog's, from a time on."""

import pytest

from chalicelib.accounts.taxes import MOST_PLANNED, CountryTax, DatedTaxes, Taxes, TaxesRequest, read_taxes, with_taxes
from chalicelib.catalog.tax import Tax, TaxInvalid, TaxName
from chalicelib.clock import iso
from chalicelib.money import InvalidDecimal
from chalicelib.text import Country

NOW_MS = 1_790_000_000_000
DAY_MS = 24 * 3600 * 1000


def sent(rate: str = "19", country: str = "DE") -> CountryTax:
    return CountryTax(name=TaxName("USt"), rate=rate, inclusive=True, country=Country(country))


def dated(from_ms: int, name: str = "USt") -> DatedTaxes:
    return DatedTaxes(from_ms, {"DE": Tax(name, 190_000, inclusive=True)}, NOW_MS, "kim")


def test_taxes_are_read_by_country_and_hold_from_now_on() -> None:
    read = read_taxes(TaxesRequest([sent(), sent("7.7", "CH")]), actor="kim", now_ms=NOW_MS)
    found = {"DE": Tax("USt", 190_000, inclusive=True), "CH": Tax("USt", 77_000, inclusive=True)}
    assert read == DatedTaxes(NOW_MS, found, NOW_MS, "kim")


@pytest.mark.parametrize("rate", ["0", "100", "19.00001"])
def test_a_rate_that_cannot_be_meant_is_refused_with_its_place(rate: str) -> None:
    with pytest.raises(TaxInvalid) as refused:
        read_taxes(TaxesRequest([sent(), sent(rate, "AT")]), actor="kim", now_ms=NOW_MS)
    assert refused.value.about["field"] == "taxes[1].rate"


@pytest.mark.parametrize("rate", ["-1", "19%", "1e1", ""])
def test_a_rate_that_is_no_decimal_is_refused_with_its_place(rate: str) -> None:
    with pytest.raises(InvalidDecimal) as refused:
        read_taxes(TaxesRequest([sent(rate)]), actor="kim", now_ms=NOW_MS)
    assert refused.value.about["field"] == "taxes[0].rate"


def test_a_country_twice_and_a_time_that_is_past_are_refused() -> None:
    for request in (TaxesRequest([sent(), sent()]), TaxesRequest([sent()], iso(NOW_MS - 1))):
        with pytest.raises(TaxInvalid):
            read_taxes(request, actor="kim", now_ms=NOW_MS)


def test_a_change_holds_from_its_time_and_replaces_what_was_planned_later() -> None:
    taxes = with_taxes(Taxes(), dated(NOW_MS, "now"), NOW_MS)
    for name, days in (("in three days", 3), ("in two days", 2)):
        taxes = with_taxes(taxes, dated(NOW_MS + days * DAY_MS, name), NOW_MS)
    names = [each.taxes["DE"].name for day in range(4) if (each := taxes.at(NOW_MS + day * DAY_MS))]
    assert names == ["now", "now", "in two days", "in two days"]
    assert taxes.at(NOW_MS - 1) is None
    assert taxes.version == 3


def test_a_change_of_now_leaves_what_held_before_for_a_clock_that_is_behind() -> None:
    taxes = with_taxes(with_taxes(Taxes(), dated(NOW_MS, "old"), NOW_MS), dated(NOW_MS + 5, "new"), NOW_MS + 5)
    assert [each.taxes["DE"].name for each in (taxes.at(NOW_MS + 4), taxes.at(NOW_MS + 5)) if each] == ["old", "new"]
    assert len(with_taxes(taxes, dated(NOW_MS + 9), NOW_MS + 9).dated) == 2


def test_the_row_never_grows_beyond_what_may_be_planned() -> None:
    taxes = Taxes()
    for day in range(1, MOST_PLANNED + 1):
        taxes = with_taxes(taxes, dated(NOW_MS + day * DAY_MS), NOW_MS)
    with pytest.raises(TaxInvalid):
        with_taxes(taxes, dated(NOW_MS + 100 * DAY_MS), NOW_MS)
