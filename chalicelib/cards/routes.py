"""Cards over HTTP: save one, put it on file, choose what it is for, take it off."""

import msgspec

from chalicelib.accounts.permission import REFUSALS, Right
from chalicelib.api_tags import PAYMENTS
from chalicelib.cards.choose_card import CardNotFound, DefaultHasNoOtherRole, RoleRequest, choose_card
from chalicelib.cards.permission import allow_payer
from chalicelib.cards.remove_card import remove_card
from chalicelib.cards.save_card import CardRequest, CardSetupUnfinished, CardSetupUnknown, CardSuperseded, save_card
from chalicelib.cards.start_setup import TooManyCards, start_setup
from chalicelib.cards.table import CardsBusy
from chalicelib.cards.view import CardListView, CardSetupView, CardView, view_card, view_card_setup, view_cards
from chalicelib.connection.refusals import WorkspaceNotConnected
from chalicelib.stripe_api.errors import STRIPE_REFUSALS
from chalicelib.web import Call, Routes

routes = Routes(__name__, *PAYMENTS)


class CardSetupQuery(msgspec.Struct, forbid_unknown_fields=True):
    """With `adds=true`, the card is one more; else it replaces the default. The first card is the default."""

    adds: bool = False


@routes.operation(
    "POST",
    "/v1/accounts/{account_id}/card-setups",
    summary="Start saving a card: what the browser needs to ask for it",
    description=(
        "Give `client_secret` and `publishable_key` to Stripe's own fields in the browser: card numbers never "
        "come here. When the browser has confirmed the setup, put its id on file with `PUT .../card`."
    ),
    status=201,
    query=CardSetupQuery,
    gives=CardSetupView,
    refuses=(*REFUSALS, TooManyCards, WorkspaceNotConnected, *STRIPE_REFUSALS),
)
def start_card_setup(call: Call[None, CardSetupQuery], account_id: str) -> CardSetupView:
    allowed = allow_payer(call, account_id, Right.ACT)
    return view_card_setup(start_setup(allowed.payer, adds=call.query.adds, actor=allowed.actor))


@routes.operation(
    "PUT",
    "/v1/accounts/{account_id}/card",
    summary="Put the card of a finished setup on file",
    description=(
        "Takes the id of the setup that the browser has confirmed. The card replaces the default, unless the setup "
        "adds one; what is owed, and auto-pay that was suspended, go on with a new default."
    ),
    takes=CardRequest,
    example={"setup_intent_id": "seti_1Q2w3E"},
    gives=CardView,
    refuses=(
        *REFUSALS,
        WorkspaceNotConnected,
        CardSetupUnknown,
        CardSetupUnfinished,
        CardSuperseded,
        TooManyCards,
        CardsBusy,
        *STRIPE_REFUSALS,
    ),
)
def put_card(call: Call[CardRequest, None], account_id: str) -> CardView:
    allowed = allow_payer(call, account_id, Right.ACT)
    return view_card(save_card(allowed.payer, call.body.setup_intent_id, actor=allowed.actor))


@routes.operation(
    "DELETE",
    "/v1/accounts/{account_id}/card",
    summary="Take the default card off file",
    description=(
        "Stripe forgets the card as well. No other card becomes the default: auto-pay and renewals fail until there "
        "is one. Without a default it does nothing."
    ),
    status=204,
    refuses=(*REFUSALS, CardsBusy),
)
def delete_card(call: Call[None, None], account_id: str) -> None:
    allowed = allow_payer(call, account_id, Right.ACT)
    remove_card(allowed.payer, actor=allowed.actor)


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/cards",
    summary="List the cards on file, the default first",
    description="`role` says what a card is for: `default`, `backup` or `none`. A card without a role is not charged.",
    gives=CardListView,
    refuses=REFUSALS,
)
def list_cards(call: Call[None, None], account_id: str) -> CardListView:
    return view_cards(allow_payer(call, account_id, Right.READ).payer)


@routes.operation(
    "PUT",
    "/v1/accounts/{account_id}/cards/{card_id}",
    summary="Make a card the default or the backup",
    description=(
        "The `default` pays for everything. Auto-pay and renewals try the `backup` once when the default is declined "
        "for a reason that another card may not share. `none` ends being the backup. The default so far stays on file."
    ),
    takes=RoleRequest,
    example={"role": "backup"},
    gives=CardListView,
    refuses=(*REFUSALS, CardNotFound, DefaultHasNoOtherRole, CardsBusy),
)
def put_card_role(call: Call[RoleRequest, None], account_id: str, card_id: str) -> CardListView:
    allowed = allow_payer(call, account_id, Right.ACT)
    return view_cards(choose_card(allowed.payer, card_id, call.body.role, actor=allowed.actor))


@routes.operation(
    "DELETE",
    "/v1/accounts/{account_id}/cards/{card_id}",
    summary="Take a card off file",
    description="Stripe forgets the card as well. No other card becomes the default. A card that is gone is no error.",
    status=204,
    refuses=(*REFUSALS, CardsBusy),
)
def delete_card_by_id(call: Call[None, None], account_id: str, card_id: str) -> None:
    allowed = allow_payer(call, account_id, Right.ACT)
    remove_card(allowed.payer, card_id, actor=allowed.actor)
