import pytest

from chalicelib.media_type import is_json


@pytest.mark.parametrize(
    "value",
    [
        "application/json",
        "application/JSON",
        "application/json; charset=utf-8",
        " application/json ;charset=utf-8",
        "application/vnd.acme.usage+json",
        "application/cloudevents+json; charset=UTF-8",
        "text/json",
    ],
)
def test_json_may_say_so_in_several_words(value: str) -> None:
    assert is_json(value)


@pytest.mark.parametrize("value", ["", "json", "/json", "text/plain", "application/jsonp", "application/xml; a=+json"])
def test_anything_else_is_not_json(value: str) -> None:
    assert not is_json(value)
