"""The error of an invalid catalog. Pure."""


class InvalidCatalog(Exception):
    """The catalog contradicts itself, so nothing of it is loaded."""


def require(holds: object, otherwise: str) -> None:
    """Raise InvalidCatalog unless something holds."""
    if not holds:
        raise InvalidCatalog(otherwise)
