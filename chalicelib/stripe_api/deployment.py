"""Which deployment made an object at Stripe, where several share a Stripe account: its name is in the metadata."""

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.settings import settings

NAME: Final = "deployment"
"""The key in the metadata. Objects without it are older than these names, and count as this deployment's."""


class OtherDeployment(Exception):
    """An object that another deployment made, which is ignored here."""


def metadata(**ids: str) -> dict[str, str]:
    """Return the metadata of an object that is created at Stripe: the ids, and the name of this deployment."""
    return {NAME: settings().deployment, **ids}


def is_ours(found: Mapping[str, Any]) -> bool:
    """Tell whether an object with this metadata may be ours: it names this deployment, or none."""
    return found.get(NAME) in {None, "", settings().deployment}


def check_ours(found: Mapping[str, Any]) -> None:
    """Check the metadata of an object. Raises OtherDeployment."""
    if not is_ours(found):
        raise OtherDeployment(f"it was made by another deployment, {found[NAME]!r}")
