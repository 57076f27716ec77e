"""Help: the questions that people ask most, and whom to contact."""

from chalice.app import Response

from chalicelib.portal import render
from chalicelib.portal.contact import contact_of
from chalicelib.portal.request import PortalRequest


def show(request: PortalRequest) -> Response:
    """Show the answers, and the seller's contact."""
    return render.page(request, "help.html", contact=contact_of(request.account, request.catalog))
