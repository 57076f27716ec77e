"""Concurrent calls, in threads that inherit the caller's context variables, which hold the fields of its log lines."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar, overload

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
    context = copy_context()
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda item: context.copy().run(function, item), items))


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


def side_by_side(first: Callable[[], Any], /, *others: Callable[[], Any]) -> tuple[Any, ...]:
    """Call a few functions at once, the first of them in this thread; return what each returned.

    The first error, in their order, is raised when all have ended.
    """
    context = copy_context()
    with ThreadPoolExecutor(len(others)) as pool:
        begun = [pool.submit(context.copy().run, each) for each in others]
        return (first(), *(each.result() for each in begun))
