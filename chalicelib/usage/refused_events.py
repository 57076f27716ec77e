"""The refused events of a batch of messages, and which of these messages go back to the queue."""

from collections import Counter
from itertools import chain
from threading import Lock

import msgspec

from chalicelib import metrics
from chalicelib.log import log
from chalicelib.usage import dead_letters
from chalicelib.usage.dead_letters import DeadLetter
from chalicelib.usage.event import UsageEvent
from chalicelib.usage.refusal import EventRefused


class _RefusedJson(msgspec.Struct, frozen=True):
    """A refused event, with its own JSON as it was sent. `event` is None where that could not be read."""

    text: str
    refusal: EventRefused
    event: UsageEvent | None


class RefusedEvents:
    """The refused events of a batch, by message; threads may add to it. Events that are not here were posted."""

    def __init__(self) -> None:
        self._by_message: dict[str, list[_RefusedJson]] = {}
        self._lock = Lock()

    def add(self, message_id: str, text: str, refusal: EventRefused, event: UsageEvent | None = None) -> None:
        """Add an event, and log why it is refused. An unforeseen reason is logged as an error, with its stack."""
        with self._lock:
            self._by_message.setdefault(message_id, []).append(_RefusedJson(text, refusal, event))
        about = {"message_id": message_id, "reason": refusal.reason, "detail": refusal.detail, **_ids(event)}
        if refusal.reason == "unforeseen":
            log().error("usage message failed unforeseen", exc_info=refusal.__cause__, **about)
        else:
            log().warning("usage message not posted", **about)

    def put_dead_letters(self) -> list[str]:
        """Put what can never be posted on the dead-letter queue; return the ids of the messages to deliver again.

        If a part of a message may be posted later, the whole message is delivered again; until then, nothing of it is
        put on the dead-letter queue.
        """
        letters = {
            message_id: [_letter(message_id, each) for each in refused]
            for message_id, refused in self._by_message.items()
            if all(each.refusal.permanent for each in refused)
        }
        for reason, number in Counter(each.reason for put in letters.values() for each in put).items():
            metrics.count("usage_refused", number, reason=reason)
        failed = {letter.message_id for letter in dead_letters.put(list(chain.from_iterable(letters.values())))}
        return [message_id for message_id in self._by_message if message_id not in letters or message_id in failed]


def _letter(message_id: str, refused: _RefusedJson) -> DeadLetter:
    return DeadLetter(
        body=refused.text,
        reason=refused.refusal.reason,
        detail=refused.refusal.detail,
        message_id=message_id,
        **_ids(refused.event),
    )


def _ids(event: UsageEvent | None) -> dict[str, str]:
    """Return the ids of an event that could be read."""
    return {"account_id": event.subject, "source": event.source, "event_id": event.id} if event else {}
