"""Sign out."""

from chalice.app import Response

from chalicelib.portal import table
from chalicelib.portal.navigation import cookie
from chalicelib.portal.request import Visit, see_other


def send(visit: Visit) -> Response:
    """End the session, here and in the browser. A viewer may do this, too."""
    table.delete(visit.session.session_id)
    gone = cookie(visit.place, visit.account.account_id, "")
    return see_other(visit.place.path("signed-out"), Set_Cookie=gone)
