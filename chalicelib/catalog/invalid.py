"""What is wrong with a catalog. Pure."""


class InvalidCatalog(Exception):
    """The catalog contradicts itself; it is never loaded half."""


def require(holds: object, otherwise: str) -> None:
    """Raise InvalidCatalog unless something holds."""
    if not holds:
        raise InvalidCatalog(otherwise)
