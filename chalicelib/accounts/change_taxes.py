"""Change a workspace's own taxes from a time on. A payment that was made keeps its tax."""

from typing import Final

from chalicelib import clock
from chalicelib.accounts import taxes_table as table
from chalicelib.accounts.account import check_is_workspace
from chalicelib.accounts.permission import Permission
from chalicelib.accounts.taxes import Taxes, TaxesBusy, TaxesRequest, read_taxes, with_taxes
from chalicelib.backoff import attempts

ATTEMPTS: Final = 8


def load_taxes(allowed: Permission) -> Taxes:
    """Return a workspace's taxes. Raises NotAWorkspace."""
    check_is_workspace(allowed.account)
    return table.find(allowed.account.account_id)


def change_taxes(allowed: Permission, request: TaxesRequest) -> Taxes:
    """Change a workspace's taxes. Raises NotAWorkspace, TaxInvalid, InvalidDecimal, InvalidRequest, TaxesBusy."""
    for _ in attempts(ATTEMPTS):
        current, now_ms = load_taxes(allowed), clock.now_ms()
        wanted = with_taxes(current, read_taxes(request, actor=allowed.actor, now_ms=now_ms), now_ms)
        if table.write(allowed.account.account_id, wanted, over=current.version):
            return wanted
    raise TaxesBusy(account_id=allowed.account.account_id)
