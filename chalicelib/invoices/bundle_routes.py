"""All documents of a year as a ZIP, over HTTP."""

import msgspec
from chalice.app import Response

from chalicelib import api_tags, clock
from chalicelib.accounts.permission import REFUSALS, Right, allow
from chalicelib.base_url import public_base_url
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import from_ms, iso
from chalicelib.invoices.bundle import FIRST_YEAR, Bundle, BundleNotReady, BundleYearInvalid, State, read_year
from chalicelib.invoices.make_bundle import ask_for_bundle, find_bundle, link_to_bundle
from chalicelib.invoices.number import ZIP
from chalicelib.web import HEADERS, Answer, Call, Routes

routes = Routes(__name__, *api_tags.INVOICES)

PATH = "/v1/accounts/{account_id}/invoice-bundles/{year}"


class BundleView(msgspec.Struct):
    """The ZIP of a year that was asked for last: how many documents are in it, and from when on it is up to date.

    `none` means that nobody has asked for one, or that it is gone: it is kept for a week.
    """

    year: int
    state: State
    documents: int | None
    asked_at: str | None
    zip: str


@routes.operation(
    "GET",
    PATH,
    summary="Show how far the ZIP of a year is; with .zip behind the year, 303 to a link that lives for minutes",
    description=(
        "Ask for it with `POST`. With `.zip` behind the year it answers 303: follow `Location` without your token."
    ),
    status=(200, 303),
    gives=BundleView,
    refuses=(*REFUSALS, BundleYearInvalid, BundleNotReady),
)
def get_invoice_bundle(call: Call[None, None], account_id: str, year: str) -> BundleView | Response:
    allow(call, account_id, Right.READ)
    named = _year(year.removesuffix(ZIP))
    if year.endswith(ZIP):
        return Response("", {**HEADERS, "Location": link_to_bundle(account_id, named)}, 303)
    return _view(account_id, named, *find_bundle(account_id, named))


@routes.operation(
    "POST",
    PATH,
    summary="Make the ZIP of all invoices and credit notes of a year, or begin to",
    description=(
        "One PDF for each document, named by date and number, and `index.csv` with all of them and with the payments "
        "that have none. A small one is `ready` with the answer (200); a large one is made in the background (202): "
        "ask with `GET` until it is. Asking twice is harmless."
    ),
    status=(200, 202),
    gives=BundleView,
    refuses=(*REFUSALS, BundleYearInvalid),
)
def make_invoice_bundle(call: Call[None, None], account_id: str, year: str) -> Answer:
    allow(call, account_id, Right.ACT)
    named = _year(year)
    bundle, state = ask_for_bundle(account_id, named, catalog())
    return Answer(_view(account_id, named, bundle, state), 200 if state == "ready" else 202)


def _year(text: str) -> int:
    return read_year(text, FIRST_YEAR, from_ms(clock.now_ms()).year)


def _view(account_id: str, year: int, bundle: Bundle | None, state: State) -> BundleView:
    return BundleView(
        year=year,
        state=state,
        documents=bundle.documents if bundle else None,
        asked_at=iso(bundle.asked_at_ms) if bundle else None,
        zip=public_base_url().api_path(PATH, account_id=account_id, year=str(year)) + ZIP,
    )
