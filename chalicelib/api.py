"""All of the HTTP API: the blueprints, the routes that belong to no domain, and the description of them all."""

from typing import Any, Final

import msgspec

from chalicelib import openapi
from chalicelib.accounts.routes import routes as accounts
from chalicelib.accounts.transaction_routes import routes as transactions
from chalicelib.auto_pay.routes import routes as auto_pay
from chalicelib.invoices.routes import routes as invoices
from chalicelib.notices.routes import routes as notices
from chalicelib.overview.routes import routes as overview
from chalicelib.payments.refund_routes import routes as refunds
from chalicelib.payments.routes import routes as payments
from chalicelib.portal.routes import routes as portal
from chalicelib.subscriptions.routes import routes as subscriptions
from chalicelib.usage.routes import routes as usage
from chalicelib.web import Call, Routes

VERSION: Final = "0.1.0"

routes = Routes(__name__)


class Health(msgspec.Struct):
    """The answer of an API that works."""

    status: str


@routes.operation("GET", "/health", summary="Tell that the API answers", gives=Health, public=True)
def get_health(_call: Call[None, None]) -> Health:
    return Health("ok")


@routes.operation("GET", "/openapi.json", summary="Describe this API", gives=dict[str, Any], public=True)
def get_openapi(_call: Call[None, None]) -> dict[str, Any]:
    return openapi.describe(BLUEPRINTS, VERSION)


BLUEPRINTS: Final = (
    routes,
    accounts,
    transactions,
    usage,
    payments,
    refunds,
    auto_pay,
    notices,
    subscriptions,
    invoices,
    overview,
    portal,
)
