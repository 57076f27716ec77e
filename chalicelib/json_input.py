"""Read JSON from outside. Pure.

No input can raise anything but the two errors that `read_json` names.
"""

import re
from typing import Any, Final

import msgspec

from chalicelib.typed import json_decoder

MEDIA_TYPE: Final = re.compile(r"[\w!#$&^.+-]+/(?:[\w!#$&^.+-]+\+)?json", re.ASCII | re.IGNORECASE)
"""JSON itself, or a format based on it (RFC 6838 sections 4.2 and 4.2.8); case-insensitive (RFC 9110 section 8.3.1)."""

BYTE_ORDER_MARK: Final = "\ufeff"


class NotJson(ValueError):
    """Not JSON: broken, not in UTF-8, or nested too deep."""


def is_json(media_type: str) -> bool:
    """Tell whether a media type is JSON. Its parameters are ignored: JSON has none (RFC 8259 section 11)."""
    return MEDIA_TYPE.fullmatch(media_type.partition(";")[0].strip()) is not None


def read_json(text: str | bytes, type: Any = Any) -> Any:
    """Read JSON as a value of a type; a byte order mark before it is skipped, as RFC 8259 section 8.1 allows.

    Raises NotJson, and msgspec.ValidationError for JSON that is not of the type.
    """
    try:
        plain = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix(BYTE_ORDER_MARK)
        return json_decoder(type).decode(plain)
    except msgspec.ValidationError:
        raise
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise NotJson(str(error)) from None
