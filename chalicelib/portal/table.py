"""The door to the table `portal_sessions`: links and sessions, each under the hash of its secret."""

from typing import Any, Final

from msgspec.structs import asdict, replace
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from chalicelib.conflicts import conditional_write
from chalicelib.portal.session import Form, Session
from chalicelib.readable import read_or
from chalicelib.tables import Keys, Rows, Table, TableMeta, read_rows
from chalicelib.typed import convert

KEPT_SECONDS: Final = 7 * 24 * 60 * 60
"""How long a link or a session is kept when it has ended, so that its page still knows the way back."""


class SessionRow(Table):
    """One row per link or session. DynamoDB deletes it at `expires_at`, in seconds, a week after it has ended."""

    class Meta(metaclass=TableMeta):
        setting = "portal_sessions_table"

    session_id = UnicodeAttribute(hash_key=True)
    account_id = UnicodeAttribute()
    role = UnicodeAttribute()
    subject = UnicodeAttribute(null=True)
    return_url = UnicodeAttribute(null=True)
    locale = UnicodeAttribute(null=True)
    page = UnicodeAttribute(null=True)
    created_at_ms = NumberAttribute()
    expires_at_ms = NumberAttribute()
    attempt = NumberAttribute()
    plan_attempt = NumberAttribute(null=True)
    credit_attempt = NumberAttribute(null=True)
    mail_attempt = NumberAttribute(null=True)
    guest_of = UnicodeAttribute(null=True)
    opened_at_ms = NumberAttribute(null=True)
    expires_at = NumberAttribute()


ATTEMPTS: Final[dict[Form, Any]] = {
    "balance": SessionRow.attempt,
    "plan": SessionRow.plan_attempt,
    "credit": SessionRow.credit_attempt,
    "mail": SessionRow.mail_attempt,
}


def put(session: Session) -> None:
    """Write a new link or session."""
    _row(session).save()


def add_session(transaction: TransactWrite, session: Session) -> None:
    """Add a new session to a transaction."""
    transaction.save(_row(session))


def take(link_id: str, now_ms: int) -> Session | None:
    """Mark a link as opened and return it, to the first caller only; None if there is none, or it was taken before."""
    row = SessionRow(link_id)
    is_first = SessionRow.session_id.exists() & SessionRow.opened_at_ms.does_not_exist()
    taken = conditional_write(row.update, [SessionRow.opened_at_ms.set(now_ms)], condition=is_first)
    return replace(_session(row), opened_at_ms=None) if taken else None


def find(session_id: str) -> Session | None:
    """Read a session, strongly consistent; None when there is none that can be read. It may have expired."""
    return find_in(read_rows(session_keys(session_id)), session_id)


def session_keys(session_id: str) -> Keys:
    """Return the row of a session."""
    return {SessionRow: [session_id]}


def find_in(rows: Rows, session_id: str) -> Session | None:
    """Find a session among rows that were read; None when there is none that can be read. It may have expired."""

    def find_row() -> Session | None:
        row = rows.find(SessionRow, session_id)
        return _session(row) if row else None

    return read_or(find_row, lambda: None, about={"session_id": session_id, "what": "session"})


def extend(session: Session) -> None:
    """Write a session's new expiry."""
    _change(
        session.session_id,
        [
            SessionRow.expires_at_ms.set(session.expires_at_ms),
            SessionRow.expires_at.set(_forgotten_at(session.expires_at_ms)),
        ],
        SessionRow.session_id.exists(),
    )


def finish_attempt(session_id: str, form: Form, attempt: int) -> None:
    """Give a session the attempt after its current one of a form, which has ended; any other changes nothing."""
    number = ATTEMPTS[form]
    is_current = (number == attempt) | number.does_not_exist() if attempt == 1 else number == attempt
    _change(session_id, [number.set(attempt + 1)], SessionRow.session_id.exists() & is_current)


def delete(session_id: str) -> None:
    """End a session."""
    SessionRow(session_id).delete()


def _change(session_id: str, actions: list[Any], condition: Any) -> None:
    """Change a session; a change that the condition refuses is not needed any more."""
    conditional_write(SessionRow(session_id).update, actions, condition=condition)


def _row(session: Session) -> SessionRow:
    return SessionRow(**asdict(session), expires_at=_forgotten_at(session.expires_at_ms))


def _forgotten_at(expires_at_ms: int) -> int:
    return expires_at_ms // 1000 + KEPT_SECONDS


def _session(row: SessionRow) -> Session:
    return convert(row.values(), Session)
