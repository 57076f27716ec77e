"""An account's checks over HTTP, for the operator."""

from chalicelib.accounts.permission import REFUSALS, Right, allow
from chalicelib.checks.state import load_state
from chalicelib.checks.view import ChecksView, view_checks
from chalicelib.web import Call, Routes

routes = Routes(__name__, "Checks", "Whether the books agree with themselves and with Stripe, for the operator.")


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/checks",
    summary="Tell whether an account is in step with Stripe",
    description=(
        "For a badge in the operator's own pages: what the nightly verification and the daily reconciliation have "
        "found of an account, and when they last looked. `in_step` is true if nothing differs, false if something "
        "does, and null if it is not known. A difference is also published as `difference.found`."
    ),
    gives=ChecksView,
    refuses=REFUSALS,
)
def get_checks(call: Call[None, None], account_id: str) -> ChecksView:
    return view_checks(load_state(allow(call, account_id, Right.OPERATE).account))
