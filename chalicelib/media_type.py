"""Media types, by the standard."""


def is_json(value: str) -> bool:
    """Tell whether a media type is JSON: its subtype is `json` or ends in `+json` (RFC 6839).

    Parameters such as `charset` change nothing, and neither does case (RFC 2045, section 5.1).
    """
    kind, _, subtype = value.partition(";")[0].strip().lower().partition("/")
    return bool(kind) and (subtype == "json" or subtype.endswith("+json"))
