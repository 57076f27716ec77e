"""Cards over HTTP: save one, put it on file, take it off."""

from chalicelib.accounts.permission import REFUSALS, Right
from chalicelib.api_tags import PAYMENTS
from chalicelib.cards.permission import allow_payer
from chalicelib.cards.remove_card import remove_card
from chalicelib.cards.save_card import CardRequest, CardSetupUnfinished, CardSetupUnknown, CardSuperseded, save_card
from chalicelib.cards.start_setup import start_setup
from chalicelib.cards.view import CardSetupView, CardView, view_card, view_card_setup
from chalicelib.connection.refusals import WorkspaceNotConnected
from chalicelib.stripe_api.errors import STRIPE_REFUSALS
from chalicelib.web import Call, Routes

routes = Routes(__name__, *PAYMENTS)


@routes.operation(
    "POST",
    "/v1/accounts/{account_id}/card-setups",
    summary="Start saving a card: what the browser needs to ask for it",
    description=(
        "Give `client_secret` and `publishable_key` to Stripe's own fields in the browser: card numbers never "
        "come here. When the browser has confirmed the setup, put its id on file with `PUT .../card`."
    ),
    status=201,
    gives=CardSetupView,
    refuses=(*REFUSALS, WorkspaceNotConnected, *STRIPE_REFUSALS),
)
def start_card_setup(call: Call[None, None], account_id: str) -> CardSetupView:
    return view_card_setup(start_setup(allow_payer(call, account_id, Right.ACT).payer))


@routes.operation(
    "PUT",
    "/v1/accounts/{account_id}/card",
    summary="Put the card of a finished setup on file",
    description=(
        "Takes the id of the setup that the browser has confirmed. The card replaces the one on file; what is "
        "owed, and auto-pay that was suspended, go on with it."
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
        *STRIPE_REFUSALS,
    ),
)
def put_card(call: Call[CardRequest, None], account_id: str) -> CardView:
    return view_card(save_card(allow_payer(call, account_id, Right.ACT).payer, call.body.setup_intent_id))


@routes.operation(
    "DELETE",
    "/v1/accounts/{account_id}/card",
    summary="Take the card off file",
    description=(
        "Stripe forgets the card as well. Auto-pay and renewals then fail until there is another. Without a card "
        "it does nothing."
    ),
    status=204,
    refuses=REFUSALS,
)
def delete_card(call: Call[None, None], account_id: str) -> None:
    remove_card(allow_payer(call, account_id, Right.ACT).payer)
