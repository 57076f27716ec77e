"""What the product asks of Stripe: the permissions that a restricted key needs (docs.stripe.com/keys).

A test compares this with the requests in the code; docs/operating/stripe.md has it as a table.
"""

from typing import Final, Literal

Access = Literal["read", "write"]

PERMISSIONS: Final[dict[str, Access]] = {
    "accounts": "write",
    "account_links": "write",
    "charges": "read",
    "customers": "write",
    "disputes": "read",
    "payment_intents": "write",
    "payment_method_domains": "write",
    "payment_methods": "write",
    "refunds": "write",
    "setup_intents": "write",
    "webhook_endpoints": "write",
}
"""By the name of the resource in the API. `write` includes `read`."""

READABLE: Final = ("charges", "customers", "disputes", "payment_intents", "refunds", "setup_intents")
"""Those of which a list can be asked for, to see whether the key may."""
