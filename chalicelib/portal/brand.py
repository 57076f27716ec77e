"""White label: the name, colour and logo with which an account sees its billing.

A workspace sees the operator's (the catalog's seller); a client sees its workspace's, the same as on its invoices.
"""

import base64
import re
from functools import lru_cache
from typing import Final

import msgspec

from chalicelib.accounts.account import Account
from chalicelib.accounts.table import AccountRow, name_in
from chalicelib.buckets import client
from chalicelib.catalog.catalog import Catalog, catalog
from chalicelib.catalog.seller import DEFAULT_COLOR
from chalicelib.invoices import archive, invoice
from chalicelib.invoices import table as invoices
from chalicelib.png import size_of
from chalicelib.portal.color import icon, stylesheet
from chalicelib.portal.display import read_display, themed
from chalicelib.portal.session import PageNotFound
from chalicelib.readable import read_or
from chalicelib.tables import NO_KEYS, Keys, Rows, read_rows

OPERATOR_LOGO: Final = "operator"
_COLOR_FILE: Final = re.compile(r"([0-9a-f]{6})(?:\.(light|dark))?\.(css|svg)")
_LOGO_FILE: Final = re.compile(r"(operator|[0-9a-f]{64})\.svg")


class Brand(msgspec.Struct, frozen=True):
    """A name, a colour as six hexadecimal digits, and the name of the logo's file, if there is one."""

    name: str
    color: str
    logo: str | None


NO_BRAND: Final = Brand("", DEFAULT_COLOR[1:], None)
"""Of pages that belong to no account: whether a workspace or a client sees them is not known."""


def brand_of(account: Account, catalog: Catalog) -> Brand:
    """Return the brand with which an account sees the portal."""
    return brand_in(read_rows(brand_keys(account)), account, catalog)


def brand_keys(account: Account) -> Keys:
    """Return the rows of a client's workspace and of its brand; none for a workspace, which sees the operator's."""
    if account.workspace_id is None:
        return NO_KEYS
    return {AccountRow: [account.workspace_id], **invoices.brand_keys(account.workspace_id)}


def brand_in(rows: Rows, account: Account, catalog: Catalog) -> Brand:
    """Return the brand with which an account sees the portal, by the rows of `brand_keys`.

    A client whose workspace's brand cannot be read sees the default color and no logo.
    """
    workspace_id = account.workspace_id
    if workspace_id is None:
        return operator_brand(catalog)
    found = read_or(
        lambda: invoices.find_brand_in(rows, workspace_id) or invoice.Brand(),
        invoice.Brand,
        about={"account_id": workspace_id, "what": "brand"},
    )
    return Brand(name_in(rows, workspace_id), found.color[1:].lower(), f"{found.logo}.svg" if found.logo else None)


def operator_brand(catalog: Catalog) -> Brand:
    """Return the operator's own brand."""
    seller = catalog.seller
    return Brand(seller.name, seller.color[1:].lower(), f"{OPERATOR_LOGO}.svg" if seller.logo else None)


def color_file(name: str) -> tuple[str, str]:
    """Return a stylesheet or an icon made of a colour, with its type. Raises PageNotFound."""
    match = _COLOR_FILE.fullmatch(name)
    if not match:
        raise PageNotFound("there is no such file")
    color = f"#{match[1]}"
    if match[3] == "svg":
        return icon(color), "image/svg+xml"
    return themed(stylesheet(color), read_display(None, match[2]).theme), "text/css"


@lru_cache(maxsize=32)
def logo_file(name: str) -> str:
    """Return a logo as an SVG around its PNG: text, which API Gateway does not change. Raises PageNotFound."""
    match = _LOGO_FILE.fullmatch(name)
    png = _png(match[1]) if match else None
    if png is None:
        raise PageNotFound("there is no such file")
    width, height = size_of(png) or (0, 0)
    content = base64.b64encode(png).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{content}"/></svg>\n'
    )


def _png(name: str) -> bytes | None:
    if name == OPERATOR_LOGO:
        return catalog().seller.logo_png()
    try:
        return archive.logo(name)
    except client().exceptions.NoSuchKey:
        return None
