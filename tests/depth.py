"""How many examples and seeds a test takes: all of them in `make test-deep`, fewer in the faster runs."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

import hypothesis

T = TypeVar("T")

DEEP = 100
"""Examples of the deep profile for a test that sets no number of its own; the other profiles are shares of it."""

hypothesis.settings.register_profile("deep", max_examples=DEEP, derandomize=True, deadline=None)
hypothesis.settings.register_profile("steady", max_examples=40, derandomize=True, deadline=None)
hypothesis.settings.register_profile("quick", max_examples=8, derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", max_examples=DEEP, print_blob=True, deadline=None)
"""The other profiles draw the same examples each time; to look for others: `pytest --hypothesis-profile=explore`."""


def examples(number: int) -> int:
    """Return how many of `number` examples, seeds or orders the profile of this run takes: at least one."""
    profile = hypothesis.settings.default
    assert profile is not None
    return max(1, number * profile.max_examples // DEEP)


def some(of: Sequence[T]) -> list[T]:
    """Return as many of several similar cases as the profile of this run takes, spread over all of them."""
    taken = examples(len(of))
    return [of[place * len(of) // taken] for place in range(taken)]


def mixed(of: Sequence[T], seed: str) -> list[T]:
    """Return as many as `some`, in a random order that depends on the seed alone.

    For every value in every field: over several seeds each value is taken, and each field takes several.
    """
    return Random(seed).sample(of, examples(len(of)))
