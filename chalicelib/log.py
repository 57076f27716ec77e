"""Structured logs: one JSON object a line, with the reason and the ids an operator searches for."""

import logging
from functools import cache
from typing import Any

import structlog


@cache
def log() -> Any:
    """Return the logger, set up on first use. Lambda hands standard output to CloudWatch, which reads JSON lines."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(),
    )
    return structlog.get_logger()
