"""Whose object at Stripe it is, where several deployments share a Stripe account: each carries its maker's name."""

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.settings import settings

NAME: Final = "deployment"
"""The key in the metadata. Objects made before there were names have none: they are looked for here as ever."""


class OtherDeployment(Exception):
    """An object that another deployment has made: nothing of it is ours to know."""


def metadata(**ids: str) -> dict[str, str]:
    """Return the metadata of an object that is made at Stripe: whose it is, and which deployment's."""
    return {NAME: settings().deployment, **ids}


def is_ours(found: Mapping[str, Any]) -> bool:
    """Tell whether an object with this metadata may be ours: it names this deployment, or none."""
    return found.get(NAME) in {None, "", settings().deployment}


def check_ours(found: Mapping[str, Any]) -> None:
    """Check the metadata of an object. Raises OtherDeployment."""
    if not is_ours(found):
        raise OtherDeployment(f"it was made by another deployment, {found[NAME]!r}")
