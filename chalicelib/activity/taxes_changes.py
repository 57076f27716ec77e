"""What a change of a workspace's own taxes is to a person. Pure."""

from collections.abc import Mapping

from msgspec.structs import replace

from chalicelib.accounts.taxes import DatedTaxes, Taxes
from chalicelib.activity.entry import Finding, Value, differences
from chalicelib.catalog.tax import PERCENT
from chalicelib.money import format_micros


def taxes_changes(before: Taxes | None, after: Taxes) -> Finding | None:
    """Return what changed from what was to hold last to what is to hold last, by country."""
    if not after.dated:
        return None
    last, new = before.dated[0] if before and before.dated else None, after.dated[0]
    from_ms = new.from_ms if new.from_ms > new.set_at_ms else None
    found = differences(_fields(last) if last else {}, _fields(new))
    return Finding(new.actor, tuple(replace(each, from_ms=from_ms) for each in found))


def _fields(dated: DatedTaxes) -> Mapping[str, Value]:
    """Write the tax of each country: `VAT 19 inclusive`."""
    return {
        f"taxes.{country}": f"{tax.name} {format_micros(tax.rate_micros * PERCENT)} "
        f"{'inclusive' if tax.inclusive else 'exclusive'}"
        for country, tax in sorted(dated.taxes.items())
    }
