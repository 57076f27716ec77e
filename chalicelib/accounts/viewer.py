"""Whom something of an account is shown to, and whose names they see in it."""

from chalicelib.accounts import table
from chalicelib.accounts.permission import Permission, is_clients_own


class Viewer:
    """A caller who may see an account.

    A client sees no person of its workspace or of the platform: what they did for it, its workspace did. Nor does a
    workspace see a person of the one that the client was moved away from.
    """

    def __init__(self, permission: Permission) -> None:
        self.permission = permission
        self._is_client = is_clients_own(permission.caller, permission.account)
        self._names: dict[str, str] = {}

    def may_see_sibling(self, account_id: str) -> bool:
        """Tell whether the caller may see the other transaction of a posting, in that account's wallet."""
        return self.permission.may_see_sibling(account_id)

    def name_of(self, actor: str | None, time_ms: int) -> str | None:
        """Return the name to show of somebody who did, at a time, what only a workspace or the operator does.

        It is the person's for the workspace that the account belonged to then, and for the platform.
        """
        workspace_id = self.permission.account.workspace_at(time_ms)
        is_of_another = workspace_id != self.permission.account.workspace_id
        if self._is_client or (is_of_another and not self.permission.caller.is_of_the_platform):
            return self._name_of_workspace(str(workspace_id))
        return actor

    def _name_of_workspace(self, workspace_id: str) -> str:
        """Return the name of a client's workspace, which is read when it is first needed."""
        if workspace_id not in self._names:
            self._names[workspace_id] = table.get(workspace_id).name
        return self._names[workspace_id]
