"""The door to the table `notices`: an account's choice of mails, and a mark for each mail that was sent."""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec
from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib import clock
from chalicelib.conflicts import conditional_write
from chalicelib.notices.choice import Choice
from chalicelib.tables import Keys, Rows, Table, TableMeta
from chalicelib.typed import convert

CHOICE: Final = "choice"
MARK: Final = "mail/"

LEASE_MS: Final = 90 * 1000
"""How long a claim prevents other functions from sending the same mail: longer than the function that holds it can run,
shorter than the visibility timeout of its queue."""

KEPT_SECONDS: Final = 60 * 24 * 3600
"""How long a mark is kept: longer than its event can be delivered again. A dead letter waits for two weeks."""

State = Literal["claimed", "sent", "busy"]


class NoticeRow(Table):
    """An account's choice (`notice` is `choice`) or the mark of one mail. `expires_at` is in seconds, for DynamoDB."""

    class Meta(metaclass=TableMeta):
        setting = "notices_table"

    account_id = UnicodeAttribute(hash_key=True)
    notice = UnicodeAttribute(range_key=True)
    choice = JSONAttribute(null=True)
    version = NumberAttribute(null=True)
    changed_by = UnicodeAttribute(null=True)
    event_id = UnicodeAttribute(null=True)
    claimed_until_ms = NumberAttribute(null=True)
    message_id = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)


def choice_of(account_id: str) -> Choice:
    """Return an account's choice of mails, strongly consistent; the default where it has made none."""
    try:
        row = NoticeRow.get(account_id, CHOICE, consistent_read=True)
    except NoticeRow.DoesNotExist:
        return Choice()
    return convert(row.choice, Choice)


def choices_of(account_ids: Iterable[str]) -> dict[str, Choice]:
    """Return the choices of several accounts, strongly consistent; accounts that have made none are left out."""
    keys = [(each, CHOICE) for each in set(account_ids)]
    return {row.account_id: convert(row.choice, Choice) for row in NoticeRow.batch_get(keys, consistent_read=True)}


def choice_keys(account_id: str) -> Keys:
    """Return the row that has an account's choice."""
    return {NoticeRow: [(account_id, CHOICE)]}


def choice_in(rows: Rows, account_id: str) -> Choice:
    """Return an account's choice among rows that were read; the default where it has made none."""
    row = rows.find(NoticeRow, (account_id, CHOICE))
    return convert(row.choice, Choice) if row else Choice()


def put_choice(account_id: str, choice: Choice, *, by: str | None = None) -> bool:
    """Write an account's choice of mails over the version before it; False when a concurrent write came first."""
    before = choice.version - 1
    version = NoticeRow.version
    stored = msgspec.to_builtins(choice)
    row = NoticeRow(account_id, CHOICE, choice=stored, version=choice.version, changed_by=by)
    return conditional_write(row.save, condition=version == before if before else version.does_not_exist())


def claim(account_id: str, mark: str, event_id: str) -> State:
    """Claim a mail: of all concurrent calls, one gets `claimed`.

    `sent` means that it was sent before; `busy` that another function is sending it, or was cut off while sending:
    after the lease it can be claimed again.
    """
    now_ms = clock.now_ms()
    row = NoticeRow(
        account_id,
        MARK + mark,
        event_id=event_id,
        claimed_until_ms=now_ms + LEASE_MS,
        expires_at=now_ms // 1000 + KEPT_SECONDS,
    )
    expired = NoticeRow.message_id.does_not_exist() & (NoticeRow.claimed_until_ms < now_ms)
    if conditional_write(row.save, condition=NoticeRow.notice.does_not_exist() | expired):
        return "claimed"
    return "sent" if _message_id(account_id, mark) else "busy"


def _message_id(account_id: str, mark: str) -> str | None:
    row = NoticeRow.get(account_id, MARK + mark, consistent_read=True)
    return row.message_id


def note_sent(account_id: str, mark: str, message_id: str) -> None:
    """Note that a mail was sent, with SES's message id."""
    NoticeRow(account_id, MARK + mark).update(
        [NoticeRow.message_id.set(message_id), NoticeRow.claimed_until_ms.remove()]
    )
