"""What becomes of the messages of a batch that could not be posted whole."""

from itertools import chain
from threading import Lock

import msgspec

from chalicelib.log import log
from chalicelib.usage import dead_letters
from chalicelib.usage.dead_letters import DeadLetter
from chalicelib.usage.event import UsageEvent
from chalicelib.usage.refusal import EventRefused


class _Refused(msgspec.Struct, frozen=True):
    """An event of a message that is refused, with its own JSON as it was sent."""

    text: str
    refusal: EventRefused
    event: UsageEvent | None


class Answers:
    """The refused events of a batch, by message. What is not here was posted."""

    def __init__(self) -> None:
        self._refused: dict[str, list[_Refused]] = {}
        self._lock = Lock()

    def refuse(self, message_id: str, text: str, refusal: EventRefused, event: UsageEvent | None = None) -> None:
        """Block an event, and log why; what nobody foresaw with its stack, as an error that raises the alarm."""
        with self._lock:
            self._refused.setdefault(message_id, []).append(_Refused(text, refusal, event))
        about = {"message_id": message_id, "reason": refusal.reason, "detail": refusal.detail, **_names(event)}
        if refusal.reason == "unforeseen":
            log().error("usage message failed unforeseen", exc_info=refusal.__cause__, **about)
        else:
            log().warning("usage message not posted", **about)

    def settle(self) -> list[str]:
        """Put away what can never be posted; return the messages that are to be delivered again.

        A message of which a part may be posted later is delivered again as a whole: only then is its rest put away.
        """
        final = {
            message_id: [_letter(message_id, each) for each in refused]
            for message_id, refused in self._refused.items()
            if all(each.refusal.permanent for each in refused)
        }
        failed = {letter.message_id for letter in dead_letters.put(list(chain.from_iterable(final.values())))}
        return [message_id for message_id in self._refused if message_id not in final or message_id in failed]


def _letter(message_id: str, refused: _Refused) -> DeadLetter:
    refusal = refused.refusal
    names = _names(refused.event)
    return DeadLetter(body=refused.text, reason=refusal.reason, detail=refusal.detail, message_id=message_id, **names)


def _names(event: UsageEvent | None) -> dict[str, str]:
    """Return the ids of an event that could be read."""
    return {"account_id": event.subject, "source": event.source, "event_id": event.id} if event else {}
