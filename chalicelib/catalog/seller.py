"""Who sells: the operator, as its invoices name it."""

from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

FOLDER: Final = Path(__file__).parent
DEFAULT_COLOR: Final = "#24405f"

Color = Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$", examples=["#24405f"])]
Line = Annotated[str, Meta(min_length=1, max_length=200)]


class Seller(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The operator's name and address, and how its documents look. `logo` names a PNG file beside the catalog."""

    name: Line
    address: list[Line] = []
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None
    tax_id: Line | None = None
    email: Line | None = None
    color: Color = DEFAULT_COLOR
    logo: Annotated[str, Meta(pattern=r"^[a-z0-9-]+\.png$")] | None = None

    def is_complete(self) -> bool:
        """Tell whether the logo's file is there, if one is named."""
        return self.logo is None or (FOLDER / self.logo).is_file()

    def logo_png(self) -> bytes | None:
        """Return the logo, if there is one."""
        return (FOLDER / self.logo).read_bytes() if self.logo else None
