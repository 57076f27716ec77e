"""The cards on file: Update Card Info. Card numbers are typed into Stripe's own fields and never reach this system."""

from collections.abc import Mapping
from typing import Final, get_args

import msgspec
from chalice.app import Response

from chalicelib.accounts.account import Account, BillingDetails
from chalicelib.cards.choose_card import DefaultHasNoOtherRole, Role, choose_card
from chalicelib.cards.remove_card import remove_card
from chalicelib.cards.save_card import CardSetupUnfinished, CardSetupUnknown, CardSuperseded, save_card
from chalicelib.cards.start_setup import TooManyCards, start_setup
from chalicelib.cards.table import CardsBusy, get_payer
from chalicelib.cards.view import view_card_setup
from chalicelib.connection.refusals import WorkspaceNotConnected
from chalicelib.errors import Refusal
from chalicelib.i18n.texts import mark
from chalicelib.overview.load import OverviewSnapshot, load_overview, overview_keys
from chalicelib.portal import forms, render
from chalicelib.portal.card_charges import say_on_choosing, say_on_saving
from chalicelib.portal.next_page import read_next_page
from chalicelib.portal.pages.payment import json
from chalicelib.portal.refusals import explain
from chalicelib.portal.request import PortalRequest, see_other
from chalicelib.portal.stripe_locale import stripe_locale
from chalicelib.stripe_api.errors import StripeRefused, StripeUnavailable
from chalicelib.tables import Keys

ROLES: Final[dict[str, Role]] = {role: role for role in get_args(Role)}

SAVING_REFUSALS: Final = (
    CardSetupUnknown,
    CardSetupUnfinished,
    CardSuperseded,
    TooManyCards,
    CardsBusy,
    StripeUnavailable,
    StripeRefused,
)

DONE: Final = {
    "added": mark("Your card is saved. Your default card is still the same."),
    "default": mark("Your default card is changed."),
    "backup": mark("If your default card is declined, we'll try this one once."),
    "none": mark("This card is no longer your backup."),
}
"""What has just been done, by the name in the address."""


def rows_needed(account_id: str) -> Keys:
    """Return the rows that the page needs, to say what a card is charged."""
    return overview_keys(account_id)


def show(request: PortalRequest) -> Response:
    """Show the card and the fields for another one."""
    return _page(request, dict(request.query))


def set_up(request: PortalRequest) -> Response:
    """Start saving a card, for the page's script; if that is not possible, the script shows why."""
    try:
        return json(view_card_setup(start_setup(request.payer, adds=_adds(request.query), actor=request.allowed.actor)))
    except (TooManyCards, StripeUnavailable, StripeRefused, WorkspaceNotConnected) as refusal:
        return json({"problem": explain(refusal, request.words, request.currency)}, status=refusal.status)


def keep(request: PortalRequest) -> Response:
    """Put the card on file that the browser has confirmed, and redirect to the next page."""
    is_charged = bool(_on_saving(request, _load(request), request.form))
    # Read again: the setup may have created the account's customer since this request read the payer.
    payer = get_payer(request.account.account_id)
    try:
        secret, actor = request.form.get("client_secret"), request.allowed.actor
        save_card(payer, request.form.get("setup_intent_id", ""), client_secret=secret, actor=actor)
    except SAVING_REFUSALS as refusal:
        return _page(request, dict(request.form), refusal)
    next_page = read_next_page(request, request.form)
    if next_page:
        return see_other(next_page.path(request, done="card-charged" if is_charged else "card"))
    return request.go("card", done="added") if _adds(request.form) else request.go(done="card")


def choose(request: PortalRequest) -> Response:
    """Make a card the default or the backup. Raises CardNotFound, WorkspaceNotConnected."""
    _check_known(request)
    role = ROLES.get(request.form.get("role", ""), "none")
    try:
        choose_card(request.payer, request.form.get("card_id", ""), role, actor=request.allowed.actor)
    except (DefaultHasNoOtherRole, CardsBusy) as refusal:
        return _page(request, {}, refusal)
    return request.go("card", done=role)


def remove(request: PortalRequest) -> Response:
    """Take a card off file. Raises WorkspaceNotConnected."""
    _check_known(request)
    remove_card(request.payer, request.form.get("card_id") or None, actor=request.allowed.actor)
    return request.go(done="card-removed")


def _check_known(request: PortalRequest) -> None:
    """Refuse while the cards cannot be read: nothing may be said to be done with them. Raises WorkspaceNotConnected."""
    if request.payer.cards_unknown:
        request.payer.require_connected()


def _page(request: PortalRequest, given: dict[str, str], refusal: Refusal | None = None) -> Response:
    next_page = read_next_page(request, given)
    done, found = request.query.get("done", ""), _load(request)
    return render.page(
        request,
        "card.html",
        here="overview",
        status=refusal.status if refusal else 200,
        with_stripe=request.may_act,
        card=request.payer.card,
        adds=_adds(given),
        done_text=request.words.say(DONE[done]) if done in DONE else None,
        charging=_charging(found),
        on_saving=_on_saving(request, found, given),
        on_choosing=say_on_choosing(found, request.payer, request.catalog, request.words),
        returned=None if refusal else _returned(given),
        stripe_locale=stripe_locale(request.words.locale),
        billing=_billing(request.account),
        carried=next_page.fields if next_page else {},
        back=next_page.path(request) if next_page else None,
        errors=forms.errors_of(request, refusal, ()) if refusal else {},
    )


class Charging(msgspec.Struct, frozen=True):
    """What charges the default card automatically."""

    subscription: bool
    auto_pay: bool


def _load(request: PortalRequest) -> OverviewSnapshot:
    return load_overview(request.rows, request.payer, request.catalog)


def _charging(found: OverviewSnapshot) -> Charging:
    subscription = found.subscription
    is_renewed = subscription is not None and not subscription.may_start and not subscription.cancel_at_period_end
    return Charging(subscription=is_renewed, auto_pay=found.auto_pay.auto_pay.enabled)


def _on_saving(request: PortalRequest, found: OverviewSnapshot, given: Mapping[str, str]) -> list[str]:
    """Say what the card is charged as soon as it is saved. One more beside a default is not charged."""
    if _adds(given) and request.payer.card:
        return []
    return say_on_saving(found, request.payer, request.catalog, request.words)


def _adds(given: Mapping[str, str]) -> bool:
    return given.get("adds") == "yes"


class Returned(msgspec.Struct, frozen=True):
    """What Stripe adds to the address when a bank's own page sends the browser back."""

    setup_intent_id: str
    client_secret: str


def _returned(given: Mapping[str, str]) -> Returned | None:
    setup_intent_id, client_secret = given.get("setup_intent"), given.get("setup_intent_client_secret")
    return Returned(setup_intent_id, client_secret) if setup_intent_id and client_secret else None


def _billing(account: Account) -> str:
    """Return what is known of the card's holder, so that it need not be typed, as Stripe's `billingDetails`."""
    details = account.billing_details or BillingDetails()
    found = {"name": details.name or account.name, "email": details.email or account.email}
    address = {"address": {"country": account.country}} if account.country else {}
    return msgspec.json.encode({**found, **address}).decode()
