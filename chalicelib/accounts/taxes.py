"""A workspace's own taxes, by its client's country and from a time on: values and rules. Pure."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from chalicelib.accounts.account import Account
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax, TaxEntry, TaxInvalid
from chalicelib.clock import iso
from chalicelib.dates import read_start
from chalicelib.errors import Busy
from chalicelib.money import InvalidDecimal
from chalicelib.text import COUNTRIES, Country

MOST_PLANNED: Final = 12
"""How many changes may be planned at once: all are in one row, with up to a tax for each country."""


class TaxesBusy(Busy):
    """Too many concurrent changes of one workspace's taxes."""

    type = "taxes-busy"
    title = "The taxes are being changed by others"


class CountryTax(TaxEntry):
    """A country's tax. `rate` is in per cent. An inclusive tax is part of the prices; an exclusive one is added."""

    country: Country


class TaxesRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"start": "from"}):
    """All of a workspace's taxes from a time on: a country that is left out has none from then on."""

    taxes: Annotated[list[CountryTax], Meta(max_length=len(COUNTRIES))]
    start: (
        Annotated[str, Meta(max_length=40, description="From when. Left out: now.", examples=["2036-12-01"])] | None
    ) = None


class DatedTaxes(msgspec.Struct, frozen=True):
    """A workspace's taxes by country, the time from which they hold, and who set them when."""

    from_ms: int
    taxes: dict[str, Tax]
    set_at_ms: int
    actor: str


class Taxes(msgspec.Struct, frozen=True):
    """A workspace's taxes, newest first: those that are planned, and those that hold now."""

    dated: tuple[DatedTaxes, ...] = ()
    version: int = 0

    def at(self, time_ms: int) -> DatedTaxes | None:
        """Return what holds at a time, if anything was set."""
        return next((each for each in self.dated if each.from_ms <= time_ms), None)

    def planned(self, time_ms: int) -> list[DatedTaxes]:
        """Return what holds after a time, the nearest first."""
        return [each for each in reversed(self.dated) if each.from_ms > time_ms]


def tax_for(account: Account, catalog: Catalog, of_workspace: DatedTaxes | None) -> Tax | None:
    """Return the tax of an account's country: of the catalog's taxes, or for a client of its workspace's."""
    country = account.country or ""
    if account.workspace_id is None:
        return catalog.taxes.get(country)
    return of_workspace.taxes.get(country) if of_workspace else None


def read_taxes(request: TaxesRequest, *, actor: str, now_ms: int) -> DatedTaxes:
    """Return the taxes of a request. Raises TaxInvalid, InvalidDecimal, InvalidRequest."""
    from_ms = now_ms if request.start is None else read_start(request.start, "from")
    if from_ms < now_ms:
        raise TaxInvalid(f"from: {iso(from_ms)} is past, and what was paid then keeps its tax", field="from")
    found: dict[str, Tax] = {}
    for place, each in enumerate(request.taxes):
        field = f"taxes[{place}]"
        if each.country in found:
            raise TaxInvalid(f"{field}.country: {each.country} is there twice", field=f"{field}.country")
        try:
            found[each.country] = each.read()
        except (TaxInvalid, InvalidDecimal) as refusal:
            refusal.about["field"] = f"{field}.rate"
            raise
    return DatedTaxes(from_ms, found, now_ms, actor)


def with_taxes(current: Taxes, new: DatedTaxes, now_ms: int) -> Taxes:
    """Return the taxes with new ones, which replace all that were to hold from their time on or later.

    Of those before, only what held last is kept: a payment keeps its tax. Raises TaxInvalid for too many.
    """
    kept = [each for each in (current.at(now_ms), *current.planned(now_ms)) if each and each.from_ms < new.from_ms]
    changed = Taxes((new, *reversed(kept)), current.version + 1)
    if len(changed.planned(now_ms)) > MOST_PLANNED:
        raise TaxInvalid(f"from: at most {MOST_PLANNED} changes can be planned", field="from")
    return changed
