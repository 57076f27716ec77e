"""Who may do what on every route: the tables of docs/permissions.md, and what must be so whatever they say."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import pytest

from local.stripe_emulator.client import Emulator
from tests.doors.permissions import (
    CALLERS,
    FILE,
    OPERATIONS,
    Matrix,
    find_matrix,
    make_accounts,
    route_of,
    stripe_environment,
    written,
)
from tests.environment import use

Row = dict[str, str]


@pytest.fixture(scope="module")
def matrix(memory: Mapping[str, str], stripe_process: Emulator) -> Iterator[Matrix]:
    with use(stripe_environment(stripe_process)):
        make_accounts()
        yield find_matrix()


def rows(matrix: Matrix, about: str) -> dict[str, Row]:
    """Return what each caller gets, by route."""
    return {route: dict(zip(CALLERS, cells, strict=True)) for route, cells in matrix[about].items()}


def test_the_document_is_true_to_every_route(matrix: Matrix) -> None:
    """If it is not: `python -m tests.doors.permissions` writes it anew; look at what changes."""
    text = FILE.read_text()
    assert written(text, matrix) == text


def test_every_route_is_in_a_table(matrix: Matrix) -> None:
    assert {route for table in matrix.values() for route in table} == {route_of(each) for each in OPERATIONS}


@pytest.mark.parametrize("about", ["a workspace", "a client"])
def test_nobody_and_strangers_learn_nothing_of_an_account(matrix: Matrix, about: str) -> None:
    for route, row in rows(matrix, about).items():
        assert row["nobody"] == "401", route
        assert row["another workspace's owner"] == row["another client's owner"] == "404", route


def test_a_client_does_not_see_its_workspace(matrix: Matrix) -> None:
    for route, row in rows(matrix, "a workspace").items():
        assert row["client's owner"] == row["client's viewer"] == "404", route


@pytest.mark.parametrize("about", ["a workspace", "a client"])
def test_who_is_below_may_no_more_than_who_is_above(matrix: Matrix, about: str) -> None:
    order = ("operator", "workspace's owner", "client's owner", "client's viewer")
    for route, row in rows(matrix, about).items():
        for above, below in pairwise(order):
            assert row[below] != "yes" or row[above] == "yes", (route, below)


@pytest.mark.parametrize("about", ["a workspace", "a client"])
def test_viewers_change_nothing_and_producers_only_ask_for_access(matrix: Matrix, about: str) -> None:
    for route, row in rows(matrix, about).items():
        changes = not route.startswith("GET ")
        assert not (changes and "yes" in {row["workspace's viewer"], row["client's viewer"]}), route
        assert (row["producer"] == "yes") is route.endswith("/access"), route
