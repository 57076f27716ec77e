"""The door to the dead letters of usage: messages that can never be posted as they are, each with its reason.

They are put here at once, without repeated deliveries first. The reason is in the message's attributes. The body stays
as it was sent, so that it can be sent back once the cause is fixed.
"""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from chalicelib import queues
from chalicelib.log import log
from chalicelib.queues import Message
from chalicelib.settings import settings

MAXIMUM_DETAIL: Final = 500
MAXIMUM_NAME: Final = 256
"""Characters of a reason or an id; no valid id is longer."""

_REFUSED_BY_SQS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html."""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the usage queue that cannot be posted, with what is known about it."""

    body: str
    reason: str
    detail: str
    account_id: str | None = None
    source: str | None = None
    event_id: str | None = None
    message_id: str


def put(letters: Sequence[DeadLetter]) -> list[DeadLetter]:
    """Put letters on the dead-letter queue; return those that could not be put there.

    The messages of those go back to the usage queue, where they are refused again or finally moved by SQS. A letter may
    be on the dead-letter queue twice if SQS did not answer, which does no harm.
    """
    messages = [Message(letter.body, _attributes(letter)) for letter in letters]
    failures = queues.send_all(settings().usage_dead_letters_queue_url, messages)
    for place, answer in failures.items():
        log().error("dead letter not put", message_id=letters[place].message_id, detail=answer)
    return [letters[place] for place in sorted(failures)]


def _attributes(letter: DeadLetter) -> dict[str, str]:
    """Return the attributes as SQS accepts them: none is empty, and none has a character that it refuses."""
    texts = {
        "reason": letter.reason[:MAXIMUM_NAME],
        "detail": letter.detail[:MAXIMUM_DETAIL],
        "account_id": (letter.account_id or "")[:MAXIMUM_NAME],
        "source": (letter.source or "")[:MAXIMUM_NAME],
        "event_id": (letter.event_id or "")[:MAXIMUM_NAME],
        "message_id": letter.message_id[:MAXIMUM_NAME],
    }
    return {name: _REFUSED_BY_SQS.sub("\ufffd", text) for name, text in texts.items() if text}
