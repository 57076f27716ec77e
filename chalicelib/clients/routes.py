"""A workspace's clients over HTTP."""

from chalicelib.accounts.account import AccountBusy
from chalicelib.accounts.permission import REFUSALS, Right, allow_above, allow_workspace
from chalicelib.auto_pay.auto_pay import AutoPayBusy
from chalicelib.catalog.catalog import UnknownCurrency, catalog
from chalicelib.clients.change_standing import StandingRequest, WorkspaceHasClients, change_standing
from chalicelib.clients.view import StandingView, view_standing
from chalicelib.subscriptions.subscription import SubscriptionBusy
from chalicelib.web import Call, Routes

routes = Routes(__name__, "Clients", "A workspace and those that it resells to.")


@routes.operation(
    "PUT",
    "/v1/accounts/{account_id}/standing",
    summary="Suspend an account, archive it, or make it active again",
    description=(
        "For the operator, and for a workspace's owner on its clients. A suspended account may not be used, but may "
        "pay. Archiving also ends the recurring charges: the subscription at its period's end (one that is owed at "
        "once), auto-pay at once. Making it active again brings access back, not these. Repeating it is safe."
    ),
    takes=StandingRequest,
    example={"standing": "suspended", "reason": "Two invoices are unpaid"},
    gives=StandingView,
    refuses=(*REFUSALS, WorkspaceHasClients, AccountBusy, UnknownCurrency, SubscriptionBusy, AutoPayBusy),
)
def put_standing(call: Call[StandingRequest, None], account_id: str) -> StandingView:
    allowed = allow_above(call, account_id)
    return view_standing(change_standing(allowed.account, call.body, actor=allowed.actor, catalog=catalog()))


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/standing",
    summary="Show an account's standing, and what is still charged to it",
    description="Why it was suspended or archived, when and by whom; whether a subscription or auto-pay goes on.",
    gives=StandingView,
    refuses=REFUSALS,
)
def get_standing(call: Call[None, None], account_id: str) -> StandingView:
    return view_standing(allow_workspace(call, account_id, Right.READ).account)
