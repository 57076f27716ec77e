"""Whom something of an account is shown to, and whose names they see in it."""

from functools import cached_property

from chalicelib.accounts import table
from chalicelib.accounts.permission import Permission, is_clients_own


class Viewer:
    """A caller who may see an account.

    A client sees no person of its workspace or of the platform: what they did for it, its workspace did.
    """

    def __init__(self, permission: Permission) -> None:
        self.permission = permission
        self._is_client = is_clients_own(permission.caller, permission.account)

    def may_see_sibling(self, account_id: str) -> bool:
        """Tell whether the caller may see the other transaction of a posting, in that account's wallet."""
        return self.permission.may_see_sibling(account_id)

    def name_of(self, actor: str | None) -> str | None:
        """Return the name to show of somebody who did what only a workspace or the operator does."""
        return self._workspace_name if self._is_client else actor

    @cached_property
    def _workspace_name(self) -> str:
        """Return the name of the client's workspace, which is read when it is first needed."""
        return table.get(str(self.permission.account.workspace_id)).name
