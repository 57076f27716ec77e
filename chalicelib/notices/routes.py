"""Notices over HTTP: who gets which mails."""

import msgspec

from chalicelib.accounts.account import Account
from chalicelib.accounts.allow import REFUSALS, Right, allow
from chalicelib.notices import table
from chalicelib.notices.choice import Choice, ChoiceRequest, Mails, sent_to
from chalicelib.web import Call, Routes

routes = Routes(__name__)


class NoticesView(msgspec.Struct):
    """An account's choice of mails. `recipients` is null where it has chosen none; `sent_to` is who gets them."""

    recipients: list[str] | None
    sent_to: list[str]
    mails: Mails


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/notices",
    summary="Show who gets which mails",
    gives=NoticesView,
    refuses=REFUSALS,
)
def get_notices(call: Call[None, None], account_id: str) -> NoticesView:
    allowed = allow(call, account_id, Right.READ)
    return view(allowed.account, table.choice_of(account_id))


@routes.operation(
    "PUT",
    "/v1/accounts/{account_id}/notices",
    summary="Choose who gets which mails; what is left out is as if never chosen",
    takes=ChoiceRequest,
    gives=NoticesView,
    refuses=REFUSALS,
)
def put_notices(call: Call[ChoiceRequest, None], account_id: str) -> NoticesView:
    allowed = allow(call, account_id, Right.ACT)
    choice = call.body.choice()
    table.put_choice(account_id, choice)
    return view(allowed.account, choice)


def view(account: Account, choice: Choice) -> NoticesView:
    """Present an account's choice."""
    return NoticesView(choice.recipients, sent_to(account, choice), choice.mails)
