"""What a workspace's client pays, and what its clients pay by default.

The form is sent three times: for the page that repeats what will happen, with last month's usage priced by it; from
there to be saved; or to go back to the form with everything that was typed.
"""

from typing import Final

from chalice.app import Response

from chalicelib import clock
from chalicelib.accounts.account import Account
from chalicelib.clients.change_rebilling import (
    ConfirmationNeeded,
    RebillingState,
    change_rebilling,
    load_rebilling,
    preview_change,
)
from chalicelib.clients.preview import MeterPreview
from chalicelib.clients.price_change import TooManyChanges
from chalicelib.clients.rebilling_request import RebillingInvalid, RebillingRequest
from chalicelib.clients.warnings import NEEDS_CONFIRMATION
from chalicelib.clock import iso
from chalicelib.errors import Refusal
from chalicelib.http_input import InvalidRequest
from chalicelib.i18n.texts import mark
from chalicelib.portal import forms, render
from chalicelib.portal.find_client import check_has_clients, find_client
from chalicelib.portal.names import Names
from chalicelib.portal.price_form import FormReader, names_of, planned_in, stored_fields
from chalicelib.portal.price_texts import OF_DEFAULTS, SOURCES, WARNINGS, PriceTexts
from chalicelib.portal.request import PortalRequest
from chalicelib.pricing.rebilling import ALL_METERS, LEAD_MS, value_at

SAVED: Final = mark("Prices saved. They apply to usage from the time you chose, in a minute at the earliest.")
SAME: Final = mark("You haven't changed anything.")
CHANGED: Final = mark(
    "These prices changed after you opened the form, either by someone else or because it was sent "
    "twice. Check them, and continue if they're right."
)


def show(request: PortalRequest, client_id: str) -> Response:
    """Show the prices of a client. Raises AccountNotFound."""
    return _show(request, find_client(request, client_id))


def send(request: PortalRequest, client_id: str) -> Response:
    """Handle the form of a client. Raises AccountNotFound, RebillingBusy."""
    return _send(request, find_client(request, client_id))


def show_defaults(request: PortalRequest) -> Response:
    """Show what clients pay by default. Raises PageNotFound."""
    check_has_clients(request)
    return _show(request, request.account)


def send_defaults(request: PortalRequest) -> Response:
    """Handle the form of the defaults. Raises PageNotFound, RebillingBusy."""
    check_has_clients(request)
    return _send(request, request.account)


def _path(account: Account) -> tuple[str, ...]:
    return ("clients", account.account_id, "prices") if account.workspace_id else ("client-prices",)


def _load(request: PortalRequest, account: Account) -> RebillingState:
    """Return the settings as of when a change that is made now takes effect: what was just saved is among them."""
    return load_rebilling(account, request.catalog, clock.now_ms() + LEAD_MS)


def _show(request: PortalRequest, account: Account) -> Response:
    state = _load(request, account)
    return _form(request, state, stored_fields(request, state))


def _send(request: PortalRequest, account: Account) -> Response:
    state = _load(request, account)
    form = FormReader(request, state, request.form)
    do, errors = request.form.get("do"), form.errors
    given = {name: request.form.get(name, "") for name in names_of(state)}
    if not errors and do == "save" and form.is_empty:
        return request.go(*_path(account), done="saved")
    if not errors and do != "edit" and form.is_empty:
        errors = {"": request.words.say(SAME)}
    if not errors and request.form.get("shown") != str(state.own.version):
        errors = {"": request.words.say(CHANGED)}
    if errors or do == "edit":
        return _form(request, state, given, errors)
    try:
        if do == "save":
            return _save(request, account, form.change)
        return _review(request, state, given, form.change)
    except ConfirmationNeeded:
        return _review(request, state, given, form.change)
    except (RebillingInvalid, InvalidRequest, TooManyChanges) as refusal:
        return _form(request, state, given, _errors_of(request, state, refusal), refusal.status)


def _save(request: PortalRequest, account: Account, change: RebillingRequest) -> Response:
    change_rebilling(account, change, actor=request.actor_on(account), catalog=request.catalog)
    return request.go(*_path(account), done="saved")


def _errors_of(request: PortalRequest, state: RebillingState, refusal: Refusal) -> forms.Errors:
    if isinstance(refusal, InvalidRequest) and refusal.about.get("field") == "from":
        refusal = RebillingInvalid("from", field="from")
    return forms.errors_of(request, refusal, names_of(state))


def _texts(request: PortalRequest) -> PriceTexts:
    return PriceTexts(request.words, Names(request.words, request.catalog), request.currency)


def _form(
    request: PortalRequest,
    state: RebillingState,
    given: dict[str, str],
    errors: forms.Errors | None = None,
    status: int = 422,
) -> Response:
    own = state.own
    done = request.query.get("done") == "saved"
    return render.page(
        request,
        "prices.html",
        status=status if errors else 200,
        here="clients",
        account=state.account,
        action=request.path(*_path(state.account)),
        is_client=state.account.kind == "client",
        state=state,
        is_on=own.is_on(state.time_ms),
        allowance=own.allowance_at(state.time_ms),
        default=value_at(own.prices.get(ALL_METERS, ()), state.time_ms),
        given=given,
        errors=errors or {},
        texts=_texts(request),
        sources=SOURCES,
        warning_texts=WARNINGS if state.account.workspace_id else OF_DEFAULTS,
        planned=planned_in(state),
        planned_switches=[each for each in reversed(own.switches) if each.from_ms > state.time_ms],
        planned_defaults=[each for each in reversed(own.prices.get(ALL_METERS, ())) if each.from_ms > state.time_ms],
        planned_allowances=[each for each in reversed(own.allowances_micros) if each.from_ms > state.time_ms],
        iso=iso,
        confirmation=request.words.say(SAVED) if done else None,
    )


def _review(request: PortalRequest, state: RebillingState, given: dict[str, str], change: RebillingRequest) -> Response:
    """Show what a change would do. Raises RebillingInvalid, InvalidRequest, TooManyChanges."""
    after, preview = preview_change(
        state.account, change, actor=request.actor_on(state.account), catalog=request.catalog
    )
    before = load_rebilling(state.account, request.catalog, after.time_ms)
    total = MeterPreview("")
    for each in preview.meters.values():
        total.add(each)
    changed = {name: now for name, now in after.timelines.items() if now != before.timelines[name]}
    return render.page(
        request,
        "prices_review.html",
        here="clients",
        account=state.account,
        action=request.path(*_path(state.account)),
        is_client=state.account.kind == "client",
        before=before,
        after=after,
        changed={name: (before.timelines[name][0], now[0]) for name, now in changed.items()},
        has_day=change.start or after.time_ms == state.account.charged_from_ms,
        preview=preview,
        total=total,
        given={name: text for name, text in given.items() if text},
        shown=state.own.version,
        needs_confirmation=any(each.code in NEEDS_CONFIRMATION for each in after.warnings),
        texts=_texts(request),
        warning_texts=WARNINGS if state.account.workspace_id else OF_DEFAULTS,
        iso=iso,
    )
