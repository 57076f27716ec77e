from typing import Any

import msgspec
import pytest

from chalicelib.json_input import NotJson, is_json, read_json


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;Charset=UTF-8",
        " application/json ;",
        "application/cloudevents+json",
        "application/vnd.acme.v2+json; profile=x",
        "application/a+b+JSON",
        "text/json",
    ],
)
def test_what_is_written_in_json_is_json_whatever_its_case_and_parameters(media_type: str) -> None:
    assert is_json(media_type)


@pytest.mark.parametrize(
    "media_type",
    [
        *("", ";", "json", "/json", "application/", "application/xml", "text/plain; format=application/json"),
        *("application/json-seq", "application/jsonp", "application/+json", "application/xjson", "applicatión/json"),
        *("application/x-www-form-urlencoded", "application/json, text/plain", "application /json"),
    ],
)
def test_what_is_not_written_in_json_is_not(media_type: str) -> None:
    assert not is_json(media_type)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "{", "nul", "NaN", "Infinity", "-Infinity", "[1,]", "{} {}", "'a'", '"\\ud800"', "\udcff", '"\x00"'),
        *(b"\xff\xfe", b'"\xff"', b'"\xc0\x80"', b'"\xed\xa0\x80"', '"x"'.encode("utf-16")),
        *("[" * 1_500, "[" * 100_000, b"[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000),
    ],
)
def test_what_is_not_json_has_one_error(text: str | bytes) -> None:
    with pytest.raises(NotJson):
        read_json(text)


class Plain(msgspec.Struct):
    name: str = ""


def test_what_a_type_does_not_know_is_read_as_strictly() -> None:
    for text in (b'{"other": "\xff"}', '{"other": ' + "[" * 100_000, b'{"other": NaN}'):
        with pytest.raises(NotJson):
            read_json(text, Plain)


@pytest.mark.parametrize("text", ["\ufeff[1]", b"\xef\xbb\xbf[1]"])
def test_a_byte_order_mark_is_skipped(text: str | bytes) -> None:
    assert read_json(text) == [1]


def test_one_byte_order_mark_is_enough() -> None:
    with pytest.raises(NotJson):
        read_json("\ufeff\ufeff[1]")


def test_json_of_another_type_names_its_place() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"\$\.name"):
        read_json('{"name": 1}', Plain)


@pytest.mark.parametrize("value", [{"a": [1, "ü", None, True]}, [], 0, "x"])
def test_json_is_read_from_text_and_from_bytes(value: Any) -> None:
    text = msgspec.json.encode(value)
    assert read_json(text) == read_json(text.decode()) == value
