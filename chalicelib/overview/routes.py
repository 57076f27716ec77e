"""The overview over HTTP."""

from chalicelib.accounts.permission import REFUSALS, Right
from chalicelib.accounts.viewer import Viewer
from chalicelib.api_tags import ACCOUNTS
from chalicelib.cards.permission import allow_payer
from chalicelib.catalog.catalog import UnknownCurrency, catalog
from chalicelib.overview.load import load_overview, overview_keys
from chalicelib.overview.view import OverviewView, view
from chalicelib.tables import read_rows
from chalicelib.web import Call, Routes

routes = Routes(__name__, *ACCOUNTS)


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/billing",
    summary="Show the overview of an account's billing",
    description=(
        "All that the portal's first page shows, in one read: the balance, the card, auto-pay, the subscription, "
        "and payments whose outcome is open. Ask for it after a change instead of putting the parts together."
    ),
    gives=OverviewView,
    refuses=(*REFUSALS, UnknownCurrency),
)
def get_overview(call: Call[None, None], account_id: str) -> OverviewView:
    allowed = allow_payer(call, account_id, Right.READ)
    payer = allowed.payer
    snapshot = load_overview(read_rows(overview_keys(account_id)), payer, catalog())
    limits = catalog().limits(payer.account.currency, payer.account.kind)
    return view(snapshot.auto_pay, snapshot.subscription_view, limits, Viewer(allowed))
