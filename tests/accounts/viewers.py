"""Who looks at an account."""

from chalicelib.accounts import table
from chalicelib.accounts.permission import Permission
from chalicelib.accounts.viewer import Viewer
from chalicelib.token import Caller

OPERATOR = Caller("operator")


def viewer(account_id: str, caller: Caller = OPERATOR) -> Viewer:
    """Return somebody who looks at an account."""
    return Viewer(Permission(caller, table.get(account_id)))
