"""The dead-letter queue, as an operator's command reads it: every letter once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from types import TracebackType
from typing import Any, Final, Self

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import clock, queues
from chalicelib.queues import CALLS_AT_ONCE, MAXIMUM_ENTRIES, Message, client
from chalicelib.settings import settings
from ops.dead_letters.letter import Letter, read_letter

HIDDEN_SECONDS: Final = 15 * 60
"""How long a received letter stays hidden if it is not released."""
WAIT_SECONDS: Final = 1
"""With any wait time SQS queries all of its servers, so that an empty answer means that nothing is left to receive."""
MOST_HELD: Final = 100_000
"""SQS allows 120,000 messages of a queue to be received and not deleted."""
REPEATED_ANSWERS: Final = 10
"""This many answers in a row without a new letter mean that all were seen: SQS may deliver a letter twice."""


def count() -> int:
    """Return the approximate number of dead letters."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    url = settings().usage_dead_letters_queue_url
    attributes = client().get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(attributes[name]) for name in names)


class Walk:
    """One pass over the dead letters that were there when it began; letters that arrive later are left alone.

    Otherwise letters that are sent back, and refused again at once, would be read again and again. At the end of the
    block all letters that were not deleted are released.
    """

    def __init__(self) -> None:
        self.began_at_ms = clock.now_ms()
        self.came_later = 0
        self._url = settings().usage_dead_letters_queue_url
        self._handles: dict[str, str] = {}
        self._deleted: set[str] = set()
        self._at_end = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def receive(self, most: int) -> list[Letter]:
        """Return letters that were not returned before, at most `most`; empty if there are no more."""
        for _ in range(REPEATED_ANSWERS):
            if self._at_end or len(self._handles) >= MOST_HELD:
                return []
            answers = _side_by_side(self._receive, _sizes(most))
            # An empty answer is the end: all remaining letters are held by this walk or by another receiver.
            self._at_end = not all(answers)
            letters = [letter for answer in answers for letter in self._new(answer)]
            if letters:
                return letters
        return []

    def delete(self, letters: Iterable[Letter]) -> list[Letter]:
        """Delete letters; return those that were deleted."""
        by_id = {letter.letter_id: letter for letter in letters}
        entries = [{"Id": letter_id, "ReceiptHandle": self._handles[letter_id]} for letter_id in by_id]
        answers = _side_by_side(self._delete, list(_portions(entries)))
        gone = [by_id[done["Id"]] for answer in answers for done in answer.get("Successful", [])]
        for letter in gone:
            del self._handles[letter.letter_id]
            self._deleted.add(letter.letter_id)
        return gone

    def _new(self, messages: Iterable[dict[str, Any]]) -> Iterator[Letter]:
        for message in messages:
            is_known = message["MessageId"] in self._handles or message["MessageId"] in self._deleted
            # Only the handle of the last receipt is valid.
            self._handles[message["MessageId"]] = message["ReceiptHandle"]
            letter = read_letter(message)
            if is_known:
                continue
            if letter.sent_at_ms > self.began_at_ms:
                self.came_later += 1
            else:
                yield letter

    def _receive(self, most: int) -> list[dict[str, Any]]:
        answer = client().receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=most,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=WAIT_SECONDS,
            MessageSystemAttributeNames=["SentTimestamp"],
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def _delete(self, entries: list[dict[str, Any]]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = client().delete_message_batch(QueueUrl=self._url, Entries=entries)
        except (BotoCoreError, ClientError):
            return {}  # They count as not deleted; they may be gone.
        return answer

    def _release(self) -> None:
        # A letter that cannot be released becomes visible when its visibility timeout ends.
        entries = [
            {"Id": letter_id, "ReceiptHandle": handle, "VisibilityTimeout": 0}
            for letter_id, handle in self._handles.items()
        ]
        _side_by_side(self._show, list(_portions(entries)))

    def _show(self, entries: list[dict[str, Any]]) -> None:
        client().change_message_visibility_batch(QueueUrl=self._url, Entries=entries)


def send_back(walk: Walk, letters: Sequence[Letter]) -> tuple[list[Letter], list[Letter]]:
    """Send letters to the usage queue again, without the attributes about them; return those sent and those not.

    Each is sent before it is deleted: if cut off in between, it exists twice and is charged once.
    """
    failures = queues.send_all(settings().usage_queue_url, [Message(letter.body) for letter in letters])
    sent = [letter for place, letter in enumerate(letters) if place not in failures]
    walk.delete(sent)
    return sent, [letters[place] for place in failures]


def _side_by_side(call: Callable[[Any], Any], arguments: Sequence[Any]) -> list[Any]:
    with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
        return list(pool.map(call, arguments))


def _sizes(most: int) -> list[int]:
    """Divide a number of letters among concurrent calls."""
    sizes = (min(MAXIMUM_ENTRIES, most - place * MAXIMUM_ENTRIES) for place in range(CALLS_AT_ONCE))
    return [size for size in sizes if size > 0]


def _portions(entries: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    remaining = iter(entries)
    return iter(lambda: list(islice(remaining, MAXIMUM_ENTRIES)), [])
