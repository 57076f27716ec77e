"""A wrong choice is told what it can be: in a body, a query, a form, and deep inside."""

from collections.abc import Callable
from typing import Any, Literal, get_args

import msgspec
import pytest

from chalicelib.allowed_values import allowed_values
from chalicelib.http_input import InvalidRequest, read_body, read_fields, read_query
from chalicelib.subscriptions.cancellation import CancelRequest, Reason

Kind = Literal["a", "b"]


class Inner(msgspec.Struct, rename={"kind": "type"}):
    kind: Kind | None = None


class Outer(msgspec.Struct):
    items: list[Inner] = []
    kinds: dict[str, Kind] = {}
    number: Literal[1, 2] = 1
    text: str = ""


@pytest.mark.parametrize(
    ("place", "known"),
    [
        ("$.items[0].type", ["a", "b"]),
        ("$.kinds[...]", ["a", "b"]),
        ("$.number", [1, 2]),
        ("$.text", []),
        ("$.gone.far", []),
        ("", []),
    ],
)
def test_the_values_at_a_place_are_found(place: str, known: list[Any]) -> None:
    assert allowed_values(Outer, place) == known


def test_a_wrong_choice_is_refused_with_what_it_can_be() -> None:
    reads: list[Callable[[], object]] = [
        lambda: read_body(b'{"reason": "bored"}', CancelRequest),
        lambda: read_query({"reason": "bored"}, CancelRequest),
        lambda: read_fields({"reason": "bored"}, CancelRequest),
    ]
    for read in reads:
        with pytest.raises(InvalidRequest) as refused:
            read()
        known: Any = refused.value.about["known"]
        assert set(known) == set(get_args(Reason))
        assert refused.value.detail == f"reason: 'bored' is not one of: {', '.join(known)}"
        assert refused.value.about["field"] == "reason"
