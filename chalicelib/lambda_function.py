"""What every Lambda function but the API's has in common: its lines in the log, its time, the form of its answer.

A domain's `handlers.py` is to Lambda what its `routes.py` is to HTTP: each function reads its event, calls one verb and
presents the answer. Lambda enters there and not in `app.py`, so a function imports what it needs and nothing else.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Final, Protocol, TypedDict

import msgspec

from chalicelib.clock import Deadline
from chalicelib.log import log, log_context

CLOSING_SECONDS: Final = 8
"""What a function keeps of its time to finish the calls that are under way, and to answer."""

DEFAULT_SECONDS: Final = 30
"""For a function that is called without a context: by a test."""

FAILED: Final = "a function failed"


class Context(Protocol):
    """What is used of the context that Lambda gives a function."""

    @property
    def aws_request_id(self) -> str:
        """Return the id of this call: that of its lines in CloudWatch."""

    def get_remaining_time_in_millis(self) -> float:
        """Return how long the function may still run."""


class Records(TypedDict):
    """The event of a queue or a stream."""

    Records: list[dict[str, Any]]


class PartialFailures(TypedDict):
    """The answer to a queue or a stream: which records are to be delivered again."""

    batchItemFailures: list[dict[str, str]]


Counts = dict[str, int]
"""The answer of a scheduled function: for who calls it by hand."""

Function = Callable[[Any, Context | None], Any]


def lambda_function(function: Function) -> Function:
    """Name the function and the call in every line that it logs.

    An exception is logged and goes on to Lambda, which counts it as an error and delivers the whole batch again.
    """

    @wraps(function)
    def handle(event: Any, context: Context | None) -> Any:
        request_id = context.aws_request_id if context else None
        with log_context(function=function.__name__, request_id=request_id):
            try:
                return function(event, context)
            except Exception:
                log().exception(FAILED)
                raise

    return handle


def deadline_of(context: Context | None) -> Deadline:
    """Return when a function must begin to come to its end."""
    return Deadline(context.get_remaining_time_in_millis() / 1000 - CLOSING_SECONDS if context else DEFAULT_SECONDS)


def partial_failures(failed: Iterable[str]) -> PartialFailures:
    """Answer a queue with message ids, or a stream with sequence numbers: these are to be delivered again."""
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in dict.fromkeys(failed)]}


def counts(result: msgspec.Struct) -> Counts:
    """Answer with what a run came to."""
    answer: Counts = msgspec.to_builtins(result)
    return answer
