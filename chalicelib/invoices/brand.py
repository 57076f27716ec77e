"""A workspace's colour and logo on its clients' documents."""

import base64
import struct
import zlib
from io import BytesIO
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from chalicelib.accounts.account import Account
from chalicelib.catalog.seller import Color
from chalicelib.errors import Refusal
from chalicelib.invoices import archive, table
from chalicelib.invoices.invoice import Brand, Party
from chalicelib.png import LARGEST_SIDE, can_be_unpacked
from chalicelib.typed import sent_fields

LARGEST_LOGO: Final = 100_000
UNREADABLE: Final = (OSError, SyntaxError, ValueError, LookupError, EOFError, struct.error, zlib.error)
"""What Pillow raises for a damaged picture."""


class LogoInvalid(Refusal):
    """The logo is not a PNG that a document can show."""

    status = 422
    type = "logo-invalid"
    title = "The logo cannot be used"

    def __init__(self) -> None:
        super().__init__(
            f"the logo must be a PNG in base64, of at most {LARGEST_LOGO} bytes and {LARGEST_SIDE} pixels a side",
            field="logo",
        )


class BrandRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A change of a brand: a field that is left out stays unchanged, and null clears it."""

    color: Color | UnsetType | None = UNSET
    logo: Annotated[str, Meta(max_length=140_000, description="A PNG in base64.")] | UnsetType | None = UNSET


def put_brand(workspace: Account, request: BrandRequest) -> Brand:
    """Change a workspace's brand for the documents that are issued from now on. Raises LogoInvalid."""
    changes: dict[str, str | None] = sent_fields(request)
    if isinstance(request.logo, str):
        changes["logo"] = archive.keep_logo(read_logo(request.logo))
    table.change_brand(workspace.account_id, changes)
    return find(workspace.account_id)


def find(account_id: str) -> Brand:
    """Return a workspace's brand; the default one if none was ever set."""
    return table.find_brand(account_id) or Brand()


def with_brand(party: Party, brand: Brand) -> Party:
    """Return a seller with its brand."""
    return replace(party, color=brand.color, logo=brand.logo)


def read_logo(logo: str) -> bytes:
    """Return a logo's bytes after checking that they are a readable PNG: any other would break every document.

    Raises LogoInvalid.
    """
    from PIL import Image  # noqa: PLC0415 - only a change of a logo needs it

    try:
        png = base64.b64decode(logo, validate=True)
        if len(png) > LARGEST_LOGO or not can_be_unpacked(png):
            raise LogoInvalid
        with Image.open(BytesIO(png), formats=["PNG"]) as image:
            image.load()
    except UNREADABLE:
        raise LogoInvalid from None
    return png
