"""The requests about cards."""

from typing import Any

import requests

from local.stripe_emulator.client import Emulator
from tests.api import Api
from tests.payments.payer import Payer


def start(api: Api, payer: Payer, **options: Any) -> requests.Response:
    return api.post(f"/v1/accounts/{payer.account_id}/card-setups", None, **options)


def put(api: Api, payer: Payer, setup_intent_id: str, **options: Any) -> requests.Response:
    return api.put(f"/v1/accounts/{payer.account_id}/card", {"setup_intent_id": setup_intent_id}, **options)


def delete(api: Api, payer: Payer, **options: Any) -> requests.Response:
    return api.call("DELETE", f"/v1/accounts/{payer.account_id}/card", **options)


def shown(api: Api, payer: Payer) -> Any:
    return api.get(f"/v1/accounts/{payer.account_id}/billing").json()["card"]


def attached(emulator: Emulator, payer: Payer) -> list[str]:
    return [
        each["card"]["last4"] for each in emulator.objects("payment_method") if each["customer"] == payer.customer_id
    ]
