"""Concurrent calls, in threads that inherit the caller's context variables, which hold the fields of its log lines."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


def in_threads(function: Callable[[ItemT], ResultT], items: Iterable[ItemT], at_once: int) -> list[ResultT]:
    """Call a function with each item, `at_once` at a time; return what it returned, in the order of the items.

    The first error, in that order, is raised; calls that have not begun by then are not made.
    """
    context = copy_context()
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda item: context.copy().run(function, item), items))
