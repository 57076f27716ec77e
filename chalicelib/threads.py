"""Concurrent calls, in threads that inherit the caller's context variables, which hold the fields of its log lines."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import Context, copy_context
from functools import cache
from typing import Any, Final, ParamSpec, TypeVar, overload

THREADS: Final = 16
"""Threads for calls side by side: enough for a few pages at once."""

P = ParamSpec("P")
ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")
FirstT = TypeVar("FirstT")
SecondT = TypeVar("SecondT")
ThirdT = TypeVar("ThirdT")
FourthT = TypeVar("FourthT")


def in_threads(function: Callable[[ItemT], ResultT], items: Iterable[ItemT], at_once: int) -> list[ResultT]:
    """Call a function with each item, `at_once` at a time; return what it returned, in the order of the items.

    The first error, in that order, is raised; calls that have not begun by then are not made.
    """
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(in_context(function), items))


def in_context(function: Callable[P, ResultT]) -> Callable[P, ResultT]:
    """Return a function that any number of threads may call, each with the context variables of this moment."""
    context = copy_context()

    def call(*arguments: P.args, **named: P.kwargs) -> ResultT:
        return context.copy().run(function, *arguments, **named)

    return call


@overload
def side_by_side(first: Callable[[], FirstT], second: Callable[[], SecondT], /) -> tuple[FirstT, SecondT]: ...


@overload
def side_by_side(
    first: Callable[[], FirstT], second: Callable[[], SecondT], third: Callable[[], ThirdT], /
) -> tuple[FirstT, SecondT, ThirdT]: ...


@overload
def side_by_side(
    first: Callable[[], FirstT],
    second: Callable[[], SecondT],
    third: Callable[[], ThirdT],
    fourth: Callable[[], FourthT],
    /,
) -> tuple[FirstT, SecondT, ThirdT, FourthT]: ...


@overload
def side_by_side(first: Callable[[], ResultT], /, *others: Callable[[], ResultT]) -> tuple[ResultT, ...]: ...


def side_by_side(first: Callable[[], Any], /, *others: Callable[[], Any]) -> tuple[Any, ...]:
    """Call a few functions at once, the first of them in this thread; return what each returned.

    One that no thread has begun by its turn is called here, so that calls within calls never wait for a free thread.
    The first error, in their order, is raised when all that have begun have ended.
    """
    context = copy_context()
    begun = [_threads().submit(context.copy().run, each) for each in others]
    try:
        return (first(), *(_result(*each, context) for each in zip(begun, others, strict=True)))
    finally:
        wait([each for each in begun if not each.cancel()])


def _result(begun: Future[Any], call: Callable[[], Any], context: Context) -> Any:
    return context.copy().run(call) if begun.cancel() else begun.result()


@cache
def _threads() -> ThreadPoolExecutor:
    """Return threads that stay: a page took a tenth of its time to start its own."""
    return ThreadPoolExecutor(THREADS, thread_name_prefix="side-by-side")
