"""Structured logs: one JSON object per line, with the reason and the ids that an operator searches for.

Standard library only: importing a logging library would be a fifth of the cold start of every function.
"""

import json
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from chalicelib import clock

EMAIL_ADDRESS: Final = re.compile(r"[^\s@<>()\[\]\"',;:]+@[^\s@<>()\[\]\"',;:]+\.[^\s@<>()\[\]\"',;:]+")
SECRET: Final = re.compile(
    r"\b(?:[sr]k_(?:live|test)_|whsec_)[\w+/=]+|_secret_\w{8,}|\beyJ[\w-]+\.[\w-]+\.[\w-]+", re.ASCII
)
"""Keys of Stripe, signing secrets, client secrets of intents, and tokens: an exception may quote a request."""
SECRET_FIELDS: Final = frozenset({"secret", "token"})
"""Parameters of paths that open what they name: an invitation, a page of the portal."""

_context: ContextVar[Mapping[str, object]] = ContextVar("log_context", default={})  # noqa: B039 - never written to


class Log:
    """Writes lines to standard output, which Lambda hands to CloudWatch."""

    def info(self, event: str, **fields: object) -> None:
        """Write what happened."""
        write_line("info", event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Write a problem that resolves itself."""
        write_line("warning", event, fields)

    def error(self, event: str, **fields: object) -> None:
        """Write a problem that the operator must check; an exception as `exc_info` is written with its stack."""
        cause = fields.pop("exc_info", None)
        if isinstance(cause, BaseException):
            fields["exception"] = "".join(traceback.format_exception(cause)).rstrip()
        write_line("error", event, fields)

    def exception(self, event: str, **fields: object) -> None:
        """Write an error with the exception that is being handled."""
        self.error(event, exc_info=sys.exc_info()[1], **fields)


_log: Final = Log()


def log() -> Log:
    """Return the logger."""
    return _log


def context_fields() -> Mapping[str, object]:
    """Return the fields that are added to every line that this thread writes now."""
    return _context.get()


@contextmanager
def log_context(**fields: object) -> Iterator[None]:
    """Add fields to every line that this thread writes inside the block."""
    token = _context.set({**_context.get(), **fields})
    try:
        yield
    finally:
        _context.reset(token)


def write_line(level: str, event: str, fields: Mapping[str, object]) -> None:
    """Write a line with the fields of the context: a log line, or a metric's."""
    line = {**_context.get(), **fields, "event": event, "level": level, "timestamp": clock.iso(clock.now_ms())}
    text = json.dumps({name: _redacted(name, value) for name, value in line.items()}, default=repr)
    # One call, so that lines of different threads are not mixed.
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _redacted(name: str, value: object) -> object:
    """Remove secrets, keys and e-mail addresses from texts: an exception may quote what a customer typed.

    An address in an id stays: ids are the producers', and an operator searches for them.
    """
    if name in SECRET_FIELDS:
        return "<secret>"
    if isinstance(value, str):
        kept = SECRET.sub("<secret>", value)
        return kept if name.endswith("_id") else EMAIL_ADDRESS.sub("<e-mail>", kept)
    if isinstance(value, Mapping):
        return {key: _redacted(str(key), each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(name, each) for each in value]
    return value
