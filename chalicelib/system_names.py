"""Names of actors that are not persons. Pure."""

from typing import Final

WORKSPACE: Final = "workspace"
"""What the names of a workspace's people begin with where they act on its client."""

NAMES_OF_THE_SYSTEM: Final = frozenset(
    {
        "operator",
        "producer",
        "owner",
        "viewer",
        WORKSPACE,
        "stripe",
        "auto-pay",
        "renewal",
        "archiving",
        "unneeded-payment",
    }
)
"""All of them. A name that begins with one and a colon is reserved, too."""
