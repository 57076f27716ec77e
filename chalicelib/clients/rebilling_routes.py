"""Rebilling over HTTP."""

from typing import Final

import msgspec

from chalicelib.accounts.permission import REFUSALS, Right, allow_workspace, check_right
from chalicelib.catalog.catalog import catalog
from chalicelib.clients.change_rebilling import (
    ConfirmationNeeded,
    RebillingBusy,
    change_rebilling,
    load_rebilling,
    preview_change,
)
from chalicelib.clients.price_change import TooManyChanges
from chalicelib.clients.rebilling_request import RebillingInvalid, RebillingRequest
from chalicelib.clients.rebilling_view import RebillingView, view_rebilling
from chalicelib.web import Call, Routes

routes = Routes(__name__, "Rebilling", "What a workspace charges its clients, and what it keeps of it.")

PATH: Final = "/v1/accounts/{account_id}/rebilling"


class RebillingQuery(msgspec.Struct, forbid_unknown_fields=True):
    """With `preview=true`, last month's usage is priced by the change, and nothing is saved."""

    preview: bool = False


@routes.operation(
    "GET",
    PATH,
    summary="Show what a client pays, or a workspace's clients by default, and what the workspace keeps",
    description=(
        "For each meter: its cost, the client's price, whose setting that is, and what is planned. It shows costs, so "
        "it is for the workspace and the operator, not for the client."
    ),
    gives=RebillingView,
    refuses=REFUSALS,
)
def get_rebilling(call: Call[None, None], account_id: str) -> RebillingView:
    account = allow_workspace(call, account_id, Right.READ).account
    return view_rebilling(load_rebilling(account, catalog()), catalog())


@routes.operation(
    "PUT",
    PATH,
    summary="Change what a client pays, or a workspace's clients by default, from a time on",
    description=(
        "What is left out stays as it is, and null clears it. A change takes effect a minute after it is made at the "
        "earliest, and never affects what was used before: the answer is as of then. Ask with `preview=true` first. "
        "A price below the cost, or a markup above 10, is saved only with `confirmed`."
    ),
    takes=RebillingRequest,
    example={
        "enabled": True,
        "default": {"state": "markup", "markup": "1.5"},
        "meters": {"sms": {"state": "price", "price": "0.08"}, "email": None},
    },
    query=RebillingQuery,
    gives=RebillingView,
    refuses=(*REFUSALS, RebillingInvalid, ConfirmationNeeded, TooManyChanges, RebillingBusy),
)
def put_rebilling(call: Call[RebillingRequest, RebillingQuery], account_id: str) -> RebillingView:
    allowed = allow_workspace(call, account_id, Right.READ)
    if call.query.preview:
        state, preview = preview_change(allowed.account, call.body, actor=allowed.actor, catalog=catalog())
        return view_rebilling(state, catalog(), preview)
    check_right(allowed.caller, Right.ACT)
    state = change_rebilling(allowed.account, call.body, actor=allowed.actor, catalog=catalog())
    return view_rebilling(state, catalog())
