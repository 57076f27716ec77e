"""The pages: each function shows one or handles one form, with the verbs that the API's routes call."""

from collections.abc import Callable
from typing import Final

from chalice.app import Response

from chalicelib.portal.pages import (
    add_balance,
    auto_pay,
    card,
    client,
    client_credit,
    client_standing,
    clients,
    details,
    documents,
    history,
    overview,
    payment,
    plan,
    prices,
    recurring,
    search,
    sign_out,
)

View = Callable[..., Response]

VIEWS: Final[dict[str, View]] = {
    "overview": overview.show,
    "add_balance": add_balance.show,
    "add_balance_send": add_balance.send,
    "payment": payment.show,
    "payment_check": payment.check,
    "payment_authentication": payment.authenticate,
    "card": card.show,
    "card_setup": card.set_up,
    "card_keep": card.keep,
    "card_remove": card.remove,
    "auto_pay": auto_pay.show,
    "auto_pay_send": auto_pay.send,
    "history": history.show,
    "history_csv": history.download,
    "search": search.show,
    "transaction": search.show_transaction,
    "transaction_other": search.show_other,
    "documents": documents.show,
    "document": documents.download,
    "payment_document": documents.download_of_payment,
    "transaction_document": documents.download_of_transaction,
    "details": details.show,
    "details_send": details.send,
    "plan": plan.show,
    "plan_preview": plan.show_preview,
    "plan_send": plan.send,
    "plan_cancel": plan.cancel_plan,
    "plan_resume": plan.resume_plan,
    "plan_pay": plan.pay_owed,
    "recurring": recurring.show,
    "recurring_end": recurring.end,
    "clients": clients.show,
    "new_client": clients.show_new,
    "new_client_send": clients.create,
    "client": client.show,
    "client_standing": client_standing.ask,
    "client_standing_send": client_standing.send,
    "client_credit": client_credit.show,
    "client_credit_send": client_credit.send,
    "client_prices": prices.show,
    "client_prices_send": prices.send,
    "default_prices": prices.show_defaults,
    "default_prices_send": prices.send_defaults,
    "sign_out": sign_out.send,
}
"""The views by the names that `routes.py` gives them."""
