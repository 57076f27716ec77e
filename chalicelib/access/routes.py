"""Access over HTTP."""

from chalicelib.access.find_access import find_access
from chalicelib.access.view import AccessView, view_access
from chalicelib.accounts.permission import REFUSALS, Right, allow, is_clients_own
from chalicelib.api_tags import ACCOUNTS
from chalicelib.catalog.catalog import catalog
from chalicelib.web import Call, Routes

routes = Routes(__name__, *ACCOUNTS)


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/access",
    summary="Tell whether an account may use the product now",
    description=(
        "Ask before a call or a message begins; it takes two reads at most. `reason` says why access is closed: the "
        "standing, the balance, or a subscription that was not paid in time, of the account or of its workspace. A "
        "client's own token gets `service_paused` for whatever is its workspace's."
    ),
    gives=AccessView,
    refuses=REFUSALS,
)
def get_access(call: Call[None, None], account_id: str) -> AccessView:
    allowed = allow(call, account_id, Right.ASK)
    return view_access(
        find_access(allowed.account, catalog()), for_client=is_clients_own(allowed.caller, allowed.account)
    )
