"""What the tests of budgets share: a noon in the middle of a month, so that no period ends during a test."""

from collections.abc import Iterator

import pytest

from chalicelib import clock
from chalicelib.clock import from_ms
from tests.budgets.build import NOON_MS


@pytest.fixture
def noon() -> Iterator[None]:
    with clock.moved_to(from_ms(NOON_MS)):
        yield
