"""Is it up: the one route that needs no token and no table."""

import msgspec

from chalicelib.web import Call, Routes

routes = Routes(__name__)


class Health(msgspec.Struct):
    """The answer."""

    status: str


@routes.operation("GET", "/health", summary="Tell that the API answers", gives=Health, public=True)
def get_health(call: Call[None, None]) -> Health:
    return Health("ok")
