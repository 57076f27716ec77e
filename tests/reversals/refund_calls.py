"""The requests about refunds."""

from typing import Any

import requests

from chalicelib.history.adjust import AdjustmentRequest, adjust
from chalicelib.idempotency import Key
from chalicelib.text import Line
from tests.api import Api
from tests.payments.payer import Payer

REFUND: dict[str, Any] = {"reason": "goodwill"}


def post(
    api: Api, payer: Payer, body: dict[str, Any] = REFUND, *, key: str = "refund-1", payment_id: str = "", **more: Any
) -> requests.Response:
    payment_id = payment_id or payer.payments[0].payment_id
    url = f"/v1/accounts/{payer.account_id}/payments/{payment_id}/refunds"
    return api.post(url, body, **({"Idempotency_Key": key} if key else {}), **more)


def show(api: Api, payer: Payer) -> dict[str, Any]:
    shown: dict[str, Any] = api.get(f"/v1/accounts/{payer.account_id}/payments/{payer.payment().payment_id}").json()
    return shown


def spend(payer: Payer, amount: str) -> None:
    request = AdjustmentRequest("debit", amount, Line("usage"))
    adjust(payer.account(), request, key=Key(f"spend-{amount}", "operator"), actor="operator")
