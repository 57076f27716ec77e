"""All invoices of a year as a ZIP: asked for, being made, ready."""

from chalice.app import Response

from chalicelib.clock import iso, now
from chalicelib.invoices.bundle import FIRST_YEAR, read_year
from chalicelib.invoices.make_bundle import ask_for_bundle, find_bundle, link_to_bundle
from chalicelib.portal import render
from chalicelib.portal.request import PortalRequest, see_other


def make(request: PortalRequest) -> Response:
    """Ask for a year's ZIP, and lead to the page that shows how far it is. Raises BundleYearInvalid."""
    year = _year(request.form.get("year", ""))
    ask_for_bundle(request.account.account_id, year, request.catalog)
    return request.go("bundles", str(year))


def show(request: PortalRequest, year: str) -> Response:
    """Show how far a year's ZIP is. Raises BundleYearInvalid."""
    named = _year(year)
    bundle, state = find_bundle(request.account.account_id, named)
    return render.page(request, "bundle.html", here="documents", year=named, bundle=bundle, state=state, iso=iso)


def download(request: PortalRequest, year: str) -> Response:
    """Redirect to a year's ZIP. Raises BundleYearInvalid, BundleNotReady."""
    return see_other(link_to_bundle(request.account.account_id, _year(year)))


def _year(text: str) -> int:
    return read_year(text, FIRST_YEAR, now().year)
