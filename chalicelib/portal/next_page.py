"""Where a person goes on after saving a card: one of a few pages, with what was chosen there. Never any other address.

The address of the card page names the page in `then` and has its choices beside it; the form of the card page carries
them along. An unknown page or field is left out, and each page reads the choices like any address.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from chalice.app import Response

from chalicelib.portal.request import PortalRequest
from chalicelib.portal.typed_amount import LONGEST

THEN: Final = "then"
ADD_ON: Final = "add_on_"


class Destination(msgspec.Struct, frozen=True):
    """A page: its path, and the fields of its choices; with `add_ons` also one for each add-on of the catalog."""

    path: tuple[str, ...]
    fields: tuple[str, ...] = ()
    add_ons: bool = False


DESTINATIONS: Final = {
    "add-balance": Destination(("add-balance",), ("amount",)),
    "auto-pay": Destination(("auto-pay",), ("threshold", "amount", "monthly_limit")),
    "plan": Destination(("plan",)),
    "plan-preview": Destination(("plan", "preview"), ("plan",), add_ons=True),
}


class NextPage(msgspec.Struct, frozen=True):
    """A page to go on to, by its name, with the choices to show there."""

    name: str
    choices: dict[str, str]

    @property
    def fields(self) -> dict[str, str]:
        """Return what the address and the form of the card page have of it."""
        return {THEN: self.name, **self.choices}

    def path(self, request: PortalRequest, **more: str) -> str:
        """Return its path, with the choices."""
        return request.path(*DESTINATIONS[self.name].path, **{**self.choices, **more})


def read_next_page(request: PortalRequest, fields: Mapping[str, str]) -> NextPage | None:
    """Return the page that an address or a form names; None if it names none of the table."""
    name = fields.get(THEN, "")
    destination = DESTINATIONS.get(name)
    if destination is None:
        return None
    add_ons = [f"{ADD_ON}{each}" for each in request.catalog.add_ons] if destination.add_ons else []
    known = (*destination.fields, *add_ons)
    return NextPage(name, {each: fields[each] for each in known if 0 < len(fields.get(each, "")) <= LONGEST})


def card_path(request: PortalRequest, then: str, choices: Mapping[str, str] = {}) -> str:
    """Return the path of the card page that leads on to another one."""
    found = read_next_page(request, {**choices, THEN: then})
    return request.path("card", **(found.fields if found else {}))


def save_card_first(request: PortalRequest, then: str, choices: Mapping[str, str] = {}) -> Response:
    """Redirect to the card page, from which a person comes back to what was chosen."""
    found = read_next_page(request, {**choices, THEN: then})
    return request.go("card", **(found.fields if found else {}))
