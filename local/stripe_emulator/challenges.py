"""Ends a 3-D Secure challenge, from the challenge page or from the control API."""

from __future__ import annotations

from local.stripe_emulator import confirmation, setup_intents
from local.stripe_emulator.errors import Json, invalid, no_such
from local.stripe_emulator.ids import kind_of
from local.stripe_emulator.store import Store
from local.stripe_emulator.work import Work


def find(work: Work, store: Store, identifier: str) -> tuple[str, Json]:
    """Return an intent and its account, whichever account it is in."""
    kind = kind_of(identifier) or "payment_intent"
    for account, body in store.everywhere(kind):
        if body["id"] == identifier:
            return account, work.beside(account).need(kind, identifier)
    raise no_such(kind, identifier, param=None)


def finish(work: Work, identifier: str, *, succeeded: bool) -> Json:
    """Complete or fail the challenge that an intent waits for, as the customer."""
    intent = work.need(kind_of(identifier) or "payment_intent", identifier)
    if intent["status"] != "requires_action" or intent["_challenge"] is None:
        raise invalid(f"{identifier} is not waiting for authentication; its status is {intent['status']}.")
    if intent["object"] == "payment_intent":
        return confirmation.finish_authentication(work, intent, succeeded=succeeded)
    return setup_intents.finish_authentication(work, intent, succeeded=succeeded)
