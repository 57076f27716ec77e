"""Who did something, in words for a person: "You", a name, "Support", or what did it by itself. Pure."""

from typing import Final

from chalicelib.accounts.actor import ShownName, is_of_platform
from chalicelib.i18n.texts import Texts, mark

BY_ITSELF: Final = {
    "auto-pay": mark("Auto-Pay"),
    "renewal": mark("Automatic renewal"),
    "unneeded-payment": mark("Automatic refund"),
    "archiving": mark("Account closure"),
    "stripe": "Stripe",
}
"""Actors that are not persons. No person has such a name (`Caller.actor_on`)."""

PLATFORM: Final = mark("Support")
UNNAMED: Final = ("owner:", "viewer:")
"""What a name begins with that is an account's id, because the person has none, or that looks like another's."""


def actor_name(texts: Texts, name: ShownName, *, subject: str | None, account_id: str) -> str:
    """Return the words for a name. `subject` is the reader's own name, if they have one; they read of `account_id`."""
    if name == subject:
        return texts.say("You")
    if is_of_platform(name):
        return texts.say(PLATFORM)
    if name.startswith(UNNAMED):
        rest = name.partition(":")[2]
        return texts.say("Account owner") + ("" if rest == account_id else f" ({rest})")
    return texts.say(BY_ITSELF[name]) if name in BY_ITSELF else name
