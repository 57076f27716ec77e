"""Access over HTTP."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.access.find_access import find_access
from chalicelib.access.view import AccessView, view_access
from chalicelib.accounts.permission import REFUSALS, Right, allow, is_clients_own
from chalicelib.api_tags import ACCOUNTS
from chalicelib.catalog.catalog import catalog
from chalicelib.http_input import InvalidRequest
from chalicelib.web import Call, Routes

routes = Routes(__name__, *ACCOUNTS)


class AccessQuery(msgspec.Struct, forbid_unknown_fields=True):
    """With `meter`, the answer is about usage of that meter: a budget may close one meter alone."""

    meter: Annotated[str, Meta(max_length=40, description="A meter of the catalog.")] | None = None

    def check(self) -> str | None:
        """Return the meter. Raises InvalidRequest for one that is not in the catalog."""
        if self.meter is not None and self.meter not in catalog().meters:
            raise InvalidRequest(f"meter: there is no meter {self.meter!r} in the catalog", field="meter")
        return self.meter


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/access",
    summary="Tell whether an account may use the product now",
    description=(
        "Ask before a call or a message begins, with its `meter`: a budget may close one meter alone, and without "
        "`meter` only those of the whole account count. It takes two reads, and one more for an account that has a "
        "budget which may close it. `reason` says why access is closed: the standing, the balance, a subscription that "
        "was not paid in time, or a budget, of the account or of its workspace. A client's own token gets "
        "`service_paused` for whatever is its workspace's."
    ),
    query=AccessQuery,
    gives=AccessView,
    refuses=REFUSALS,
)
def get_access(call: Call[None, AccessQuery], account_id: str) -> AccessView:
    allowed = allow(call, account_id, Right.ASK)
    found = find_access(allowed.account, catalog(), call.query.check())
    return view_access(found, for_client=is_clients_own(allowed.caller, allowed.account))
