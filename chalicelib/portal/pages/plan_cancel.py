"""Cancel the subscription, with a reason if the customer wants to give one."""

from chalice.app import Response

from chalicelib.http_input import InvalidRequest, read_fields
from chalicelib.portal import forms
from chalicelib.portal.pages.plan import CANCEL_FIELDS, show_refused
from chalicelib.portal.request import PortalRequest
from chalicelib.subscriptions.cancel import cancel
from chalicelib.subscriptions.cancellation import CancelRequest
from chalicelib.text import Line


def send_cancel(request: PortalRequest) -> Response:
    """Cancel it. Raises SubscriptionNotFound, AlreadyCanceled, SubscriptionBusy."""
    said = {name: request.form[name] for name in CANCEL_FIELDS if name in request.form}
    try:
        wanted = read_fields(said, CancelRequest)
    except InvalidRequest as refusal:
        wrong = forms.wrong_text(request, Line, said.get("comment", ""))
        return show_refused(request, refusal, {"comment": wrong} if wrong and "comment" in said else None)
    cancel(request.account.account_id, wanted, actor=request.allowed.actor, catalog=request.catalog)
    return request.go("plan", done="canceled")
