"""Auto-pay over HTTP."""

from chalicelib.accounts.account import AccountArchived, CurrencyMismatch
from chalicelib.accounts.permission import REFUSALS, Right
from chalicelib.auto_pay.auto_pay import AutoPayBusy
from chalicelib.auto_pay.change_settings import AutoPayInvalid, AutoPayRequest, change_settings
from chalicelib.auto_pay.view import AutoPayView, load_for_view, view_auto_pay
from chalicelib.cards.payer import Payer
from chalicelib.cards.permission import allow_payer
from chalicelib.catalog.catalog import UnknownCurrency, catalog
from chalicelib.connection.refusals import WorkspaceNotConnected
from chalicelib.money import InvalidDecimal, NotChargeable
from chalicelib.payments.new_payment import CardMissing
from chalicelib.web import Call, Routes

routes = Routes(__name__, "Auto-pay", "The rule that refills a wallet when its balance falls below a threshold.")


@routes.operation(
    "PUT",
    "/v1/accounts/{account_id}/auto-pay",
    summary="Switch auto-pay on or off, or change it; a wallet that is low is refilled at once",
    description=(
        "Needs a card on file. A balance that is already below the threshold is refilled at once, so say so "
        "before. To switch it on again clears a suspension."
    ),
    takes=AutoPayRequest,
    example={"enabled": True, "threshold": "10.00", "amount": "50.00", "monthly_limit": "200.00"},
    gives=AutoPayView,
    refuses=(
        *REFUSALS,
        AccountArchived,
        CurrencyMismatch,
        UnknownCurrency,
        InvalidDecimal,
        NotChargeable,
        AutoPayInvalid,
        WorkspaceNotConnected,
        CardMissing,
        AutoPayBusy,
    ),
)
def put_auto_pay(call: Call[AutoPayRequest, None], account_id: str) -> AutoPayView:
    allowed = allow_payer(call, account_id, Right.ACT)
    change_settings(allowed.payer, call.body, actor=allowed.actor, catalog=catalog())
    return _show(allowed.payer)


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/auto-pay",
    summary="Show auto-pay: what it does now, and why",
    description="The settings, and what they come to now: on, off or suspended, with the reason and the next attempt.",
    gives=AutoPayView,
    refuses=(*REFUSALS, UnknownCurrency),
)
def get_auto_pay(call: Call[None, None], account_id: str) -> AutoPayView:
    return _show(allow_payer(call, account_id, Right.READ).payer)


def _show(payer: Payer) -> AutoPayView:
    return view_auto_pay(load_for_view(payer, catalog()), catalog().limits(payer.account.currency))
