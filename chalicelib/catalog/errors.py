"""The error of an invalid catalog. Pure."""


class InvalidCatalog(Exception):
    """The catalog is invalid, so none of it is loaded."""


def require(holds: object, otherwise: str) -> None:
    """Raise InvalidCatalog unless the condition holds."""
    if not holds:
        raise InvalidCatalog(otherwise)
