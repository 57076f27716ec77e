"""Whom something of an account is shown to, and whose names they see in it."""

from chalicelib.accounts import table
from chalicelib.accounts.actor import ShownName, is_from_above, is_of_platform, name_in_workspace
from chalicelib.accounts.permission import Permission, is_clients_own
from chalicelib.catalog.catalog import catalog
from chalicelib.token import Caller


class Viewer:
    """A caller who may see an account.

    A client sees no person of its workspace or of the platform: what they did for it, its workspace did. Nor does a
    workspace see a person of the one that the client was moved away from, or of the platform: that has one name.
    """

    def __init__(self, permission: Permission) -> None:
        self.permission = permission
        self.is_client = is_clients_own(permission.caller, permission.account)
        self._names: dict[str, str] = {}

    def may_see_sibling(self, account_id: str) -> bool:
        """Tell whether the caller may see the other transaction of a posting, in that account's wallet."""
        return self.permission.may_see_sibling(account_id)

    def sees_decisions_at(self, time_ms: int) -> bool:
        """Tell whether they may see what the account's workspace decided about it at a time.

        A client may not, nor may a workspace that the client was moved to then or later.
        """
        permission = self.permission
        is_before_move = any(time_ms <= each.moved_at_ms for each in permission.account.former_workspaces)
        return permission.caller.is_of_the_platform or not (self.is_client or is_before_move)

    def name_of(self, actor: str, time_ms: int, *, done_for_it: bool = False) -> ShownName:
        """Return the name to show of somebody who did something to the account at a time.

        `done_for_it` is what only its workspace or the operator does.
        """
        caller, account = self.permission.caller, self.permission.account
        workspace_id = account.workspace_at(time_ms)
        is_hidden = self.is_client or workspace_id != account.workspace_id
        if is_hidden and not caller.is_of_the_platform and (done_for_it or is_from_above(actor)):
            return self._name_of_workspace(str(workspace_id))
        return name_for(caller, actor)

    def _name_of_workspace(self, workspace_id: str) -> ShownName:
        """Return the name of a client's workspace, which is read when it is first needed."""
        if workspace_id not in self._names:
            self._names[workspace_id] = table.get(workspace_id).name
        return ShownName(self._names[workspace_id])


def name_for(caller: Caller, actor: str) -> ShownName:
    """Return the name that the platform, or a workspace of one of its own people, sees of somebody."""
    if caller.is_of_the_platform:
        return ShownName(actor)
    return ShownName(catalog().seller.name if is_of_platform(actor) else name_in_workspace(actor))
