"""The seller: the operator, as named on its invoices."""

from pathlib import Path
from typing import Final

import msgspec

from chalicelib.png import can_be_unpacked
from chalicelib.text import Country, Email, Line, Text

FOLDER: Final = Path(__file__).parent


class Color(Text):
    """A colour."""

    __slots__ = ()
    pattern = "#[0-9a-fA-F]{6}"
    example = "#24405f"
    must = f"must be a colour as six hexadecimal digits, such as {example}"


class LogoFile(Text):
    """The name of a picture beside the catalog."""

    __slots__ = ()
    pattern = r"[a-z0-9-]+\.png"
    example = "logo-2.png"
    must = f"must be the name of a PNG file in lower case, such as {example}"


DEFAULT_COLOR: Final = Color("#24405f")


class Seller(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The operator's name and address, and how its documents look. `logo` names a PNG file beside the catalog."""

    name: Line
    address: list[Line] = []
    country: Country | None = None
    tax_id: Line | None = None
    email: Email | None = None
    color: Color = DEFAULT_COLOR
    logo: LogoFile | None = None

    def is_complete(self) -> bool:
        """Tell whether the logo, if one is named, exists and is a PNG of a plausible size."""
        return self.logo is None or ((FOLDER / self.logo).is_file() and can_be_unpacked(self.logo_png() or b""))

    def logo_png(self) -> bytes | None:
        """Return the logo, if there is one."""
        return (FOLDER / self.logo).read_bytes() if self.logo else None
