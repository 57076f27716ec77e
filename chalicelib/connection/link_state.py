"""What goes to Stripe with a person who connects an account, and comes back. Pure; `state` signs it."""

import msgspec

from chalicelib.connection.connection import Way


class LinkState(msgspec.Struct, frozen=True, kw_only=True):
    """Who connects what, and how. `account_id` is the caller's own; an operator has none.

    `browser` is the browser that was sent to Stripe, and has to come back. None: no browser was seen yet, and the state
    only opens the way to Stripe.
    """

    id: str
    way: Way
    workspace_id: str
    account_id: str | None
    actor: str
    expires_at_ms: int
    browser: str | None = None
