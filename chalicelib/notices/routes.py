"""Notices over HTTP: who gets which mails."""

import msgspec

from chalicelib.accounts.account import Account
from chalicelib.accounts.permission import REFUSALS, Right, allow
from chalicelib.catalog.catalog import catalog
from chalicelib.money import format_amount
from chalicelib.notices import table
from chalicelib.notices.change_choice import NoticesBusy, change_choice
from chalicelib.notices.choice import Choice, ChoiceRequest, LowBalanceInvalid, Mails, sent_to
from chalicelib.web import Call, Routes

routes = Routes(__name__, "Notices", "The mails about low balances, declined cards and payments.")


class NoticesView(msgspec.Struct):
    """An account's choice of mails. `recipients` is null if none were chosen; `sent_to` is who gets the mails.

    `low_balance_threshold` is null if none was chosen: then the catalog's holds, `default_low_balance_threshold`.
    While auto-pay is on, its own threshold holds instead of both.
    """

    recipients: list[str] | None
    sent_to: list[str]
    low_balance_threshold: str | None
    default_low_balance_threshold: str
    currency: str
    mails: Mails


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/notices",
    summary="Show who gets which mails",
    description=(
        "`sent_to` is who gets the mails now: the recipients that were chosen, else the account's billing contact."
    ),
    gives=NoticesView,
    refuses=REFUSALS,
)
def get_notices(call: Call[None, None], account_id: str) -> NoticesView:
    allowed = allow(call, account_id, Right.READ)
    return view(allowed.account, table.choice_of(account_id))


@routes.operation(
    "PUT",
    "/v1/accounts/{account_id}/notices",
    summary="Choose who gets which mails; what is left out stays as it is",
    description=(
        "Every kind of mail is on unless it is switched off. At most ten recipients, who may know of each other: "
        "they share one mail. Below `low_balance_threshold` a balance is low, unless auto-pay is on, which has its own."
    ),
    takes=ChoiceRequest,
    example={"recipients": ["books@acme.example"], "low_balance_threshold": "25.00", "mails": {"receipt": False}},
    gives=NoticesView,
    refuses=(*REFUSALS, LowBalanceInvalid, NoticesBusy),
)
def put_notices(call: Call[ChoiceRequest, None], account_id: str) -> NoticesView:
    allowed = allow(call, account_id, Right.ACT)
    return view(allowed.account, change_choice(allowed.account, call.body, actor=allowed.actor))


def view(account: Account, choice: Choice) -> NoticesView:
    """Present an account's choice."""
    chosen, currency = choice.low_balance_micros, account.currency
    return NoticesView(
        recipients=choice.recipients,
        sent_to=sent_to(account, choice),
        low_balance_threshold=None if chosen is None else format_amount(chosen, currency),
        default_low_balance_threshold=format_amount(catalog().limits(currency).low_balance_micros, currency),
        currency=currency,
        mails=choice.mails,
    )
