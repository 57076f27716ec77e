"""What stops an account, whatever it pays; and what stops a workspace's clients from paying."""

from collections.abc import Iterator
from typing import Final

from chalicelib.access.view import PAUSED
from chalicelib.i18n.texts import mark
from chalicelib.portal.banners.banner import Action, Banner
from chalicelib.portal.banners.snapshot import Snapshot
from chalicelib.portal.words import Words

STOPPED: Final = {
    "account_suspended": (
        mark("Your account is suspended"),
        mark("Calls and messages are stopped. %(provider)s can tell you why and what to do."),
    ),
    PAUSED: (
        mark("Service is paused"),
        mark(
            "Calls and messages are stopped for now, and your balance is kept. %(provider)s can tell you when they "
            "resume."
        ),
    ),
}
"""Each page says that an account is archived; what else closes access has a banner of its own."""


def find_stopped(seen: Snapshot, words: Words) -> Iterator[Banner]:
    """Tell that access is closed for a reason that no payment removes, and who knows more."""
    if seen.closed_by in STOPPED:
        title, text = STOPPED[seen.closed_by]
        contact = Action(words.say("Contact"), ("help",), "see")
        yield Banner("bad", words.say(title), words.say(text, provider=seen.provider), (contact,))


def find_broken_connection(seen: Snapshot, words: Words) -> Iterator[Banner]:
    """Tell a workspace that its clients can no longer pay."""
    if seen.connection_problem:
        action = Action(words.say("Stripe account"), ("connection",), "see")
        yield Banner("bad", words.say("Your clients can't pay"), words.say(seen.connection_problem), (action,))
