"""What all Lambda functions except the API's have in common: log lines, the deadline, the shape of the answer.

A package's `handlers.py` is to Lambda what its `routes.py` is to HTTP: each function reads its event, calls one verb
and presents the answer. Lambda's entry points are there and not in `app.py`, so a function imports only what it needs.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Final, Protocol, TypedDict

import msgspec

from chalicelib.clock import Deadline
from chalicelib.log import log, log_context
from chalicelib.settings import trace_id

CLOSING_SECONDS: Final = 8
"""The part of its time that a function reserves to finish the calls in progress, and to answer."""

DEFAULT_SECONDS: Final = 30
"""For a function that is called without a context, as in a test."""

FAILED: Final = "a function failed"


class Context(Protocol):
    """The part of Lambda's context object that is used here."""

    @property
    def aws_request_id(self) -> str:
        """Return the id of this invocation, as in its CloudWatch log lines."""

    def get_remaining_time_in_millis(self) -> float:
        """Return how long the function may still run."""


class Records(TypedDict):
    """The event of a queue or a stream."""

    Records: list[dict[str, Any]]


class PartialFailures(TypedDict):
    """The answer to a queue or a stream: which records are to be delivered again."""

    batchItemFailures: list[dict[str, str]]


Counts = dict[str, int]
"""The answer of a scheduled function, for an operator who invokes it by hand."""

Function = Callable[[Any, Context | None], Any]


def lambda_function(function: Function) -> Function:
    """Add the names of the function and of the invocation to every line that it logs.

    An exception is logged and raised to Lambda, which counts it as an error and delivers the whole batch again.
    """

    @wraps(function)
    def handle(event: Any, context: Context | None) -> Any:
        request_id = context.aws_request_id if context else None
        with log_context(function=function.__name__, request_id=request_id, xray=trace_id()):
            try:
                return function(event, context)
            except Exception:
                log().exception(FAILED)
                raise

    return handle


def deadline_of(context: Context | None) -> Deadline:
    """Return the deadline after which a function must start no further work."""
    return Deadline(context.get_remaining_time_in_millis() / 1000 - CLOSING_SECONDS if context else DEFAULT_SECONDS)


def partial_failures(failed: Iterable[str]) -> PartialFailures:
    """Answer a queue with message ids, or a stream with sequence numbers: these are to be delivered again."""
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in dict.fromkeys(failed)]}


def counts(result: msgspec.Struct) -> Counts:
    """Answer with the results of a run."""
    answer: Counts = msgspec.to_builtins(result)
    return answer
