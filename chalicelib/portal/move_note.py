"""What the page of a client says of its move to another workspace, or of where it came from."""

from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.accounts.account import Account
from chalicelib.clock import iso
from chalicelib.moves import table
from chalicelib.moves.move import Move
from chalicelib.portal.request import PortalRequest

TOLD_MS: Final = 30 * 24 * 60 * 60 * 1000
"""How long the page says that a request was declined, or has expired."""


class MoveNote(msgspec.Struct, frozen=True):
    """A sentence, and the path of the page that says more."""

    text: str
    href: str


def move_note(request: PortalRequest, client: Account) -> MoveNote | None:
    """Return what is to be said of the latest request to move a client; None if nothing is."""
    move, now_ms = table.find(client.account_id), clock.now_ms()
    if move is None:
        return None
    if move.state == "accepted":
        return _note_of_arrival(request, move) if now_ms < move.charged_from_ms else None
    text = _text(request, move, now_ms)
    return MoveNote(text, request.path("clients", client.account_id, "move")) if text else None


def _note_of_arrival(request: PortalRequest, move: Move) -> MoveNote:
    text = request.words.say(
        "It has just moved to you. Its usage is charged to you from %(moment)s on.",
        moment=request.words.moment(iso(move.charged_from_ms)),
    )
    return MoveNote(text, request.path("incoming-moves", move.account_id))


def _text(request: PortalRequest, move: Move, now_ms: int) -> str | None:
    words, to = request.words, move.to_workspace_id
    until = words.moment(iso(move.expires_at_ms))
    if move.is_open(now_ms):
        return words.say(
            "You asked %(workspace)s to take it over. The request is open until %(moment)s.", workspace=to, moment=until
        )
    if move.state == "declined" and now_ms < move.answered_at_ms + TOLD_MS:
        moment = words.moment(iso(move.answered_at_ms))
        return words.say(
            "You asked %(workspace)s to take it over. They declined on %(moment)s.", workspace=to, moment=moment
        )
    if move.state == "requested" and now_ms < move.expires_at_ms + TOLD_MS:
        return words.say(
            "You asked %(workspace)s to take it over. They didn't answer by %(moment)s.", workspace=to, moment=until
        )
    return None
