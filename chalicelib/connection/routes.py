"""A workspace's Stripe connection over HTTP. The pages that Stripe leads back to are the portal's."""

import msgspec

from chalicelib.accounts.account import Account, NotAWorkspace, check_is_workspace
from chalicelib.accounts.permission import REFUSALS, Right, allow
from chalicelib.connection import table
from chalicelib.connection.break_connection import break_connection
from chalicelib.connection.check_connection import check_connection
from chalicelib.connection.connection import Way
from chalicelib.connection.refusals import (
    AlreadyConnected,
    ConnectedElsewhere,
    ConnectionBusy,
    WayNotOffered,
)
from chalicelib.connection.start_connection import start_connection
from chalicelib.connection.view import ConnectionLinkView, ConnectionView, view_connection, view_link
from chalicelib.stripe_api.errors import STRIPE_REFUSALS, PaymentsUnavailable, StripeUnavailable
from chalicelib.web import Call, Routes

routes = Routes(__name__, "Stripe connection", "The Stripe account through which a workspace's clients pay.")

PATH = "/v1/accounts/{account_id}/stripe-connection"


class ConnectionRequest(msgspec.Struct, forbid_unknown_fields=True):
    """How to connect: `oauth` for a Stripe account that exists, `onboarding` to open one."""

    way: Way


@routes.operation(
    "POST",
    PATH,
    summary="Start connecting a Stripe account, and get the address to open",
    description=(
        "A workspace's. Open `url` in a new window for the workspace's owner: a page here leads on to Stripe, and only "
        "the browser that was led there can come back and finish. It opens once: send the browser of the person who "
        "asked there at once, and nobody else. An onboarding that is not complete goes on."
    ),
    status=201,
    takes=ConnectionRequest,
    example={"way": "oauth"},
    gives=ConnectionLinkView,
    refuses=(
        *REFUSALS,
        NotAWorkspace,
        WayNotOffered,
        AlreadyConnected,
        ConnectedElsewhere,
        ConnectionBusy,
        *STRIPE_REFUSALS,
    ),
)
def start_stripe_connection(call: Call[ConnectionRequest, None], account_id: str) -> ConnectionLinkView:
    allowed = allow(call, account_id, Right.ACT)
    own_id = allowed.caller.account_id
    return view_link(start_connection(allowed.account, call.body.way, account_id=own_id, actor=allowed.actor))


@routes.operation(
    "GET",
    PATH,
    summary="Show a workspace's Stripe connection",
    description="Its state as it was last seen, with a sentence that says what to do, and the ways of connecting.",
    gives=ConnectionView,
    refuses=(*REFUSALS, NotAWorkspace),
)
def get_stripe_connection(call: Call[None, None], account_id: str) -> ConnectionView:
    return view_connection(table.find(_workspace(call, account_id, Right.READ).account_id), call.caller)


@routes.operation(
    "POST",
    f"{PATH}/test",
    summary="Test a workspace's Stripe connection, with Stripe",
    description="Asks Stripe how the account stands, notes the answer, and shows the connection.",
    gives=ConnectionView,
    refuses=(*REFUSALS, NotAWorkspace, ConnectionBusy, StripeUnavailable, PaymentsUnavailable),
)
def test_stripe_connection(call: Call[None, None], account_id: str) -> ConnectionView:
    return view_connection(check_connection(_workspace(call, account_id, Right.ACT).account_id), call.caller)


@routes.operation(
    "DELETE",
    PATH,
    summary="Disconnect a workspace's Stripe account",
    description=(
        "Its clients cannot pay until an account is connected again: the same or another one. Nothing is deleted; what "
        "Stripe no longer tells of open payments, refunds and disputes is marked. It can be repeated."
    ),
    gives=ConnectionView,
    refuses=(*REFUSALS, NotAWorkspace, ConnectionBusy),
)
def break_stripe_connection(call: Call[None, None], account_id: str) -> ConnectionView:
    allowed = allow(call, account_id, Right.ACT)
    check_is_workspace(allowed.account)
    return view_connection(break_connection(account_id, actor=allowed.actor), allowed.caller)


def _workspace(call: Call[None, None], account_id: str, right: Right) -> Account:
    account = allow(call, account_id, right).account
    check_is_workspace(account)
    return account
