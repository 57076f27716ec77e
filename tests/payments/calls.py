"""The requests about payments that several test modules make."""

from typing import Any

import requests

from tests.api import Api
from tests.payments.payer import Payer


def top_up(api: Api, payer: Payer, amount: str = "25", key: str = "key-1", **options: Any) -> requests.Response:
    """Add balance; `more` holds further fields of the body."""
    body = {"amount": amount, **options.pop("more", {})}
    return api.post(f"/v1/accounts/{payer.account_id}/top-ups", body, Idempotency_Key=key, **options)


def refresh(api: Api, payer: Payer) -> requests.Response:
    """Check the payer's only payment again."""
    return api.post(f"/v1/accounts/{payer.account_id}/payments/{payer.payment().payment_id}/refresh", None)
