"""The whole HTTP API: the Chalice app with all blueprints, the routes of no package, and the API's description.

Lambda enters the API's function here, in `app`: what only other functions need is not imported.
"""

import gc
from typing import Any, Final

import msgspec
from chalice.app import Chalice

from chalicelib.access.routes import routes as access
from chalicelib.accounts.routes import routes as accounts
from chalicelib.accounts.tax_routes import routes as taxes
from chalicelib.activity.routes import routes as activity
from chalicelib.auto_pay.routes import routes as auto_pay
from chalicelib.budgets.routes import routes as budgets
from chalicelib.cards.routes import routes as cards
from chalicelib.catalog.catalog import catalog
from chalicelib.checks.routes import routes as checks
from chalicelib.clients.rebilling_routes import routes as rebilling
from chalicelib.clients.recurring_routes import routes as recurring
from chalicelib.clients.routes import routes as clients
from chalicelib.connection.routes import routes as connection
from chalicelib.history.adjustment_routes import routes as adjustments
from chalicelib.history.routes import routes as transactions
from chalicelib.invoices.bundle_routes import routes as bundles
from chalicelib.invoices.routes import routes as invoices
from chalicelib.moves.routes import routes as moves
from chalicelib.notices.document_routes import routes as document_mails
from chalicelib.notices.routes import routes as notices
from chalicelib.overview.routes import routes as overview
from chalicelib.payments.routes import routes as payments
from chalicelib.portal.invitation_routes import routes as invitations
from chalicelib.portal.routes import routes as portal
from chalicelib.reversals.routes import routes as refunds
from chalicelib.statements.routes import routes as statements
from chalicelib.subscriptions.routes import routes as subscriptions
from chalicelib.subscriptions.stop_routes import routes as stops
from chalicelib.usage.routes import routes as usage
from chalicelib.web import Call, Routes
from chalicelib.webhooks.routes import routes as webhooks

VERSION: Final = "0.1.0"

routes = Routes(__name__, "API", "This API itself: does it answer, and what is in it.")


class Health(msgspec.Struct):
    """The answer of an API that works."""

    status: str


@routes.operation(
    "GET",
    "/health",
    summary="Tell that the API answers",
    description="For monitors: 200 while API Gateway and the function answer. It asks nothing else and takes no token.",
    gives=Health,
    public=True,
)
def get_health(_call: Call[None, None]) -> Health:
    return Health("ok")


@routes.operation(
    "GET",
    "/openapi.json",
    summary="Describe this API",
    description="What you are reading: every operation, made from the types that check the requests.",
    gives=dict[str, Any],
    public=True,
)
def get_openapi(_call: Call[None, None]) -> dict[str, Any]:
    from chalicelib import openapi  # noqa: PLC0415 - only this route needs it: other cold starts do not pay for it

    seller = catalog().seller
    contact = {"name": seller.name, **({"email": seller.email} if seller.email else {})}
    return openapi.describe(BLUEPRINTS, VERSION, contact)


BLUEPRINTS: Final = (
    routes,
    accounts,
    access,
    transactions,
    usage,
    payments,
    refunds,
    cards,
    connection,
    adjustments,
    webhooks,
    auto_pay,
    budgets,
    notices,
    document_mails,
    subscriptions,
    stops,
    invoices,
    bundles,
    statements,
    overview,
    clients,
    recurring,
    rebilling,
    moves,
    portal,
    invitations,
    taxes,
    activity,
    checks,
)

app = Chalice(app_name="billing-portal")
app.api.binary_types = []
for blueprint in BLUEPRINTS:
    app.register_blueprint(blueprint)

# All that has been imported stays as long as the process. Python's collector need not pass over it again and again:
# with the pages, which do the same (`portal.answer`), each full pass took 50 ms of somebody's request.
gc.freeze()
