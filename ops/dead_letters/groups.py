"""Dead letters by reason and account, with one example of each. Pure."""

from collections.abc import Iterable

import msgspec

from ops.dead_letters.letter import Event, Letter

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


class Group(msgspec.Struct):
    """The letters of one reason and account."""

    reason: str
    account: str
    count: int
    oldest_ms: int
    newest_ms: int
    example: str


def add_to_groups(groups: dict[tuple[str, str], Group], letters: Iterable[Letter]) -> None:
    """Count letters. Their bodies are not kept: there may be many, of up to a megabyte each."""
    for letter in letters:
        reason, account = printable(letter.reason), printable(account_of(letter))
        moment = letter.sent_at_ms
        group = groups.get((reason, account))
        if group is None:
            groups[reason, account] = Group(reason, account, 1, moment, moment, example_of(letter))
        else:
            group.count += 1
            group.oldest_ms = min(group.oldest_ms, moment)
            group.newest_ms = max(group.newest_ms, moment)


def account_of(letter: Letter) -> str:
    """Return the account that a letter is about, or how many there are; empty if it cannot be read."""
    accounts = {event.account_id for event in letter.events if event.account_id}
    return f"({len(accounts)} accounts)" if len(accounts) > 1 else next(iter(accounts), "")


def example_of(letter: Letter) -> str:
    """Describe in one line which letter it is, and its error."""
    event = letter.events[0]
    others = f" and {len(letter.events) - 1} more" if len(letter.events) > 1 else ""
    return printable(f"message {letter.message_id}: {_name_of(event)}{others}: {letter.detail}")


def _name_of(event: Event) -> str:
    if event.event_id is None and event.source is None:
        return "cannot be read"
    return f"event {event.event_id or '?'} of {event.source or '?'}"


def printable(text: str) -> str:
    """Replace unprintable characters, which a terminal could execute: producers write these texts."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def age(span_ms: int) -> str:
    """Write how long ago something was, in its two largest units."""
    days, hours, minutes = span_ms // DAY_MS, span_ms % DAY_MS // HOUR_MS, span_ms % HOUR_MS // MINUTE_MS
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
