"""What goes to Stripe with a person who connects an account, and comes back. Pure; `state` signs it."""

import msgspec

from chalicelib.connection.connection import Way


class LinkState(msgspec.Struct, frozen=True, kw_only=True):
    """Who connects what, and how. `account_id` is the caller's own; an operator has none."""

    id: str
    way: Way
    workspace_id: str
    account_id: str | None
    actor: str
    expires_at_ms: int
