"""A workspace's own taxes over HTTP."""

from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.accounts.account import NotAWorkspace
from chalicelib.accounts.change_taxes import change_taxes, load_taxes
from chalicelib.accounts.permission import REFUSALS, Right, allow_workspace
from chalicelib.accounts.taxes import DatedTaxes, Taxes, TaxesBusy, TaxesRequest
from chalicelib.catalog.tax import PERCENT, TaxInvalid
from chalicelib.clock import iso
from chalicelib.money import InvalidDecimal, format_micros
from chalicelib.web import Call, Routes

routes = Routes(__name__, "Taxes", "The taxes on what a workspace sells to its clients.")

PATH: Final = "/v1/accounts/{account_id}/taxes"


class CountryTaxView(msgspec.Struct):
    """A country's tax. `rate` is in per cent."""

    country: str
    name: str
    rate: str
    inclusive: bool


class DatedTaxesView(msgspec.Struct, rename={"start": "from"}):
    """All taxes from a time on."""

    start: str
    taxes: list[CountryTaxView]


class TaxesView(msgspec.Struct):
    """The taxes that hold now, and the planned changes, the nearest first."""

    taxes: list[CountryTaxView]
    planned: list[DatedTaxesView]


@routes.operation(
    "PUT",
    PATH,
    summary="Set the taxes on what a workspace sells to its clients, by the client's country, from a time on",
    description=(
        "All of them are sent, and replace what was planned for that time or later; no country means no tax. They "
        "hold for payments that are made from then on, and a payment keeps its tax. An inclusive tax is shown in a "
        "top-up; an exclusive one is never added to it, since a top-up is what the card pays."
    ),
    takes=TaxesRequest,
    example={"taxes": [{"country": "DE", "name": "USt", "rate": "19", "inclusive": True}], "from": "2036-12-01"},
    gives=TaxesView,
    refuses=(*REFUSALS, NotAWorkspace, TaxInvalid, InvalidDecimal, TaxesBusy),
)
def put_taxes(call: Call[TaxesRequest, None], account_id: str) -> TaxesView:
    allowed = allow_workspace(call, account_id, Right.ACT)
    return view_taxes(change_taxes(allowed, call.body))


@routes.operation(
    "GET",
    PATH,
    summary="Show the taxes on what a workspace sells to its clients",
    description="Those that hold now, and those that are planned.",
    gives=TaxesView,
    refuses=(*REFUSALS, NotAWorkspace),
)
def get_taxes(call: Call[None, None], account_id: str) -> TaxesView:
    return view_taxes(load_taxes(allow_workspace(call, account_id, Right.READ)))


def view_taxes(taxes: Taxes) -> TaxesView:
    """Present a workspace's taxes."""
    now_ms = clock.now_ms()
    found = taxes.at(now_ms)
    planned = [DatedTaxesView(iso(each.from_ms), _view(each)) for each in taxes.planned(now_ms)]
    return TaxesView(_view(found) if found else [], planned)


def _view(dated: DatedTaxes) -> list[CountryTaxView]:
    return [
        CountryTaxView(country, tax.name, format_micros(tax.rate_micros * PERCENT), tax.inclusive)
        for country, tax in sorted(dated.taxes.items())
    ]
