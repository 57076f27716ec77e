"""Structured logs: one JSON object a line, with the reason and the ids an operator searches for."""

import logging
import re
from functools import cache
from typing import Any, Final

import structlog
from structlog.typing import EventDict

EMAIL_ADDRESS: Final = re.compile(r"[^\s@<>()\[\]\"',;:]+@[^\s@<>()\[\]\"',;:]+\.[^\s@<>()\[\]\"',;:]+")


def without_email_addresses(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Take e-mail addresses out of texts: an exception may quote what a customer typed. Ids stay as they are."""
    return {
        name: EMAIL_ADDRESS.sub("<e-mail>", value) if isinstance(value, str) and not name.endswith("_id") else value
        for name, value in event.items()
    }


@cache
def log() -> Any:
    """Return the logger, set up on first use. Lambda hands standard output to CloudWatch, which reads JSON lines."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            without_email_addresses,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(),
    )
    return structlog.get_logger()
