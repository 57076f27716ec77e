import uuid
import zlib
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.ledger.columns import UnreadableColumn, decode, encode
from tests.build import TIME_MS
from tests.depth import examples

RANDOM = Random(20261103)
COUNT = 1000


def _hex(digits: int) -> str:
    return f"{RANDOM.getrandbits(4 * digits):0{digits}x}"


def _quantities(parts: int) -> list[int]:
    """Return the quantities of one receipt: the same in all parts but the last, which is one whole."""
    return [*[RANDOM.randrange(10**6)] * (parts - 1), 10**6]


UUIDS = [str(uuid.UUID(int=RANDOM.getrandbits(128), version=4)) for _ in range(COUNT)]
LINKS = [f"https://app.example.com/messages/{_hex(16)}" for _ in range(COUNT)]
PHONES = [f"SMS to +1 {RANDOM.randrange(10**10):010d}" for _ in range(COUNT)]
TIMES = sorted(TIME_MS + RANDOM.randrange(60_000) for _ in range(COUNT))
SPARSE_TIMES = sorted(TIME_MS + RANDOM.randrange(400_000) for _ in range(COUNT))
ORDERED_IDS = [f"{TIME_MS + at * 60:012x}-7{_hex(3)}-{_hex(16)}" for at in range(COUNT)]
RECEIPTS = [quantity for _ in range(COUNT // 4) for quantity in _quantities(4)]
UNEVEN_RECEIPTS = [quantity for at in range(COUNT // 3) for quantity in _quantities(2 + at % 3)]

# What each column may take, in bytes a value. Of random digits it is their information, and one per cent.
COLUMNS: dict[str, tuple[list[Any], str, float]] = {
    "random UUIDs": (UUIDS, "t", 15.5),
    "links with 16 random digits": (LINKS, "t", 8.1),
    "texts with 10 random decimal digits": (PHONES, "t", 4.45),
    "upper-case digits": ([f"SM{_hex(32).upper()}" for _ in range(COUNT)], "t", 16.8),
    "ids that begin with a time": (ORDERED_IDS, "t", 11.5),
    "ids of letters and digits": ([f"ch_{uuid.UUID(text).hex[:8].upper()}z" for text in UUIDS], "t", 4.2),
    "texts beyond ASCII around digits": ([f"Zoë ☎ {_hex(8)} é" for _ in range(COUNT)], "t", 4.1),
    "times 60 ms apart": (TIMES, "d", 1.1),
    "times 400 ms apart": (SPARSE_TIMES, "d", 1.45),
    "one text": (["sms"] * COUNT, "c", 0.01),
    "one integer": ([75_000] * COUNT, "c", 0.01),
    "None": ([None] * COUNT, "c", 0.01),
    "one object": ([{"campaign": "a"}] * COUNT, "c", 0.03),
    "meters of four parts": (["voice", "llm", "tts", "telephony"] * (COUNT // 4), "c", 0.03),
    "descriptions of four parts": (["", "gpt-5-mini", "", ""] * (COUNT // 4), "c", 0.02),
    "quantities of four parts": (RECEIPTS, "r", 0.85),
    "quantities of two to four parts": (UNEVEN_RECEIPTS, "r", 1.1),
    "random quantities": ([RANDOM.randrange(10**6) for _ in range(COUNT)], "n", 2.6),
    "negative integers": ([-RANDOM.randrange(10**6) for _ in range(COUNT)], "n", 2.6),
    "balances that fall": ([10**9 - 50_000 * at for at in range(COUNT)], "d", 0.03),
    "balances at random": ([RANDOM.randrange(-(10**18), 10**18) for _ in range(COUNT)], "n", 8.1),
    "three kinds": ([RANDOM.choice(["usage", "refund", "top_up"]) for _ in range(COUNT)], "r", 0.4),
    "some objects": ([{"campaign": RANDOM.choice("abc")} for _ in range(COUNT)], "r", 0.4),
    "links and None": ([None if at % 3 else link for at, link in enumerate(LINKS)], "r", 2.9),
    "None among links": ([link if at % 3 else None for at, link in enumerate(LINKS)], "s", 5.7),
    "texts of two lengths": ([f"Call {text}" if at % 2 else text for at, text in enumerate(PHONES)], "s", 4.7),
    "numbers that grow longer": ([f"msg-{at}" for at in range(1, COUNT + 1)], "s", 1.0),
    "words": ([" ".join(RANDOM.choices(["call", "to", "house", "agent"], k=at % 9)) for at in range(COUNT)], "j", 3.5),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_is_stored_by_the_codec_that_fits_it(name: str) -> None:
    values, tag, most = COLUMNS[name]
    stored = encode(values)
    assert decode(stored, len(values)) == values
    assert msgspec.msgpack.decode(stored)[0] == tag
    assert len(stored) / len(values) <= most
    assert len(stored) <= len(zlib.compress(msgspec.json.encode(values), 3)) + 8


def test_the_four_columns_of_a_message_take_hardly_more_than_they_hold() -> None:
    assert sum(len(encode(column)) for column in (UUIDS, LINKS, PHONES, TIMES)) / COUNT < 29


@pytest.mark.parametrize("count", range(4))
@pytest.mark.parametrize("name", COLUMNS)
def test_a_short_column_costs_little_beyond_its_content(name: str, count: int) -> None:
    values = COLUMNS[name][0][:count]
    stored = encode(values)
    assert decode(stored, count) == values
    assert len(stored) <= len(msgspec.msgpack.encode(values)) + 3


def test_what_is_stored_is_read_without_copying_it_out_of_its_page() -> None:
    page = msgspec.msgpack.encode({"event_id": msgspec.Raw(encode(UUIDS))})
    columns = msgspec.msgpack.decode(page, type=dict[str, msgspec.Raw])
    assert decode(columns["event_id"], COUNT) == UUIDS


ALIKE: list[list[Any]] = [
    [1, "1"],
    [1, True, 1.0],
    [0, False, None, ""],
    ["a", "a\0", "a\0a", "\0", "\1"],
    ["a\0b", "ab", "b"],
    ["1\0002", "3", "4\0005\0006"],
    ["ab12", "ab3", "ab456"],
    ["ABCDEF01", "abcdef01", "AbCdEf01"],
    ["-1", "1-", "--"],
    ["é", "è", "ee"],
    [{"a": 1}, {"a": True}, {"a": "1"}, {}],
    [{"a": "1", "b": "2"}, {"b": "2", "a": "1"}],
    [[], [1], [1, [2]], ["1"]],
    [10**18, -(10**18), 0],
    [2**64, -(2**64), 1],
    [2**63, 2**63 - 1, -(2**63)],
    ["1", 1, None, {"1": "1"}, [1]],
]


@pytest.mark.parametrize("times", [1, 7, 40])
@pytest.mark.parametrize("values", ALIKE, ids=repr)
def test_values_that_look_alike_are_not_confused(values: list[Any], times: int) -> None:
    for column in (values * times, [value for value in values for _ in range(times)], _shuffled(values * times)):
        assert repr(decode(encode(column), len(column))) == repr(column)


def _shuffled(values: list[Any]) -> list[Any]:
    return Random(5).sample(values, len(values))


texts = st.text(max_size=12)
integers = st.integers(-(10**18), 10**18)
anything = st.recursive(
    st.none() | integers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)
digits = st.sampled_from(["0123456789", "0123456789abcdef", "0123456789ABCDEF", "01aAgz-", "\0\1a", "é1"])
templates = st.tuples(st.sampled_from(["", "a-{}", "{}-4{}", "ab{}ü{}", "{}\0"]), digits).flatmap(
    lambda of: st.text(of[1], min_size=4, max_size=4).map(lambda text: of[0].replace("{}", text))
)
elements = st.sampled_from(
    [anything, texts, integers, templates, st.integers(0, 300), st.none() | templates, st.none() | integers]
)
columns = elements.flatmap(
    lambda element: st.one_of(
        st.lists(element, max_size=60),
        st.builds(lambda values, times: values * times, st.lists(element, max_size=9), st.integers(1, 30)),
        st.lists(element, min_size=1, max_size=9).flatmap(lambda pool: st.lists(st.sampled_from(pool), max_size=120)),
    )
)


@settings(max_examples=examples(600))
@given(columns)
def test_any_values_survive(values: list[Any]) -> None:
    assert repr(decode(encode(values), len(values))) == repr(values)


@given(st.lists(integers, min_size=33, max_size=80).map(sorted))
def test_rising_integers_survive(values: list[int]) -> None:
    assert decode(encode(values), len(values)) == values


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_that_is_cut_short_is_unreadable(name: str) -> None:
    values = COLUMNS[name][0][:100]
    stored = encode(values)
    for length in range(len(stored)):
        with pytest.raises(UnreadableColumn):
            decode(stored[:length], len(values))


@pytest.mark.parametrize("count", [0, 1, COUNT - 1, COUNT + 1, 3 * COUNT])
@pytest.mark.parametrize(
    "values", [UUIDS, PHONES, TIMES, RECEIPTS, COLUMNS["words"][0], COLUMNS["numbers that grow longer"][0]]
)
def test_a_column_of_another_length_is_unreadable(values: list[Any], count: int) -> None:
    stored = encode(values)
    with pytest.raises(UnreadableColumn):
        decode(stored, count)


@settings(max_examples=examples(400))
@given(st.sampled_from(sorted(COLUMNS)), st.data())
def test_a_damaged_column_is_unreadable_or_has_its_length(name: str, data: st.DataObject) -> None:
    values = COLUMNS[name][0][:200]
    stored = bytearray(encode(values))
    for _ in range(data.draw(st.integers(1, 3))):
        stored[data.draw(st.integers(0, len(stored) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = decode(bytes(stored), len(values))
    except UnreadableColumn:
        return
    assert len(read) == len(values)


@pytest.mark.parametrize(
    "stored",
    [
        ["q", [1]],
        [],
        "c",
        None,
        ["c"],
        ["c", []],
        ["p", [1], 2],
        ["n", 0, [b"\0"]],
        ["n", 0, [b"\0\0\0"] * 9],
        ["n", "0", [b"\0\0\0"]],
        ["t", b"\0", b"\0", b""],
        ["t", b"\1", b"", b"\x03\x00"],
        ["j", -1, zlib.compress(b"[1,2,3]", wbits=-15)],
        ["j", 2**62, zlib.compress(b"[1,2,3]", wbits=-15)],
        ["j", 2**64 - 1, zlib.compress(b"[1,2,3]", wbits=-15)],
        ["j", 7, zlib.compress(b"[" * 10**6, wbits=-15)],
        ["j", 10**6, zlib.compress(b"[" * 10**6, wbits=-15)],
        ["r", ["p", ["a"]], ["p", [1, 0, 0]]],
        ["r", ["p", ["a"]], ["p", [0, 1, 3]]],
        ["r", ["p", ["a"]], ["p", [0, -1, 1]]],
        ["r", ["p", ["a"]], ["p", [0, "1", 1]]],
        ["r", ["p", ["a"]], ["p", [0, [1], 1]]],
        ["s", ["p", [0, 0, 1]], [["p", ["a", "b"]]]],
        ["s", ["p", [0, 0, -1]], [["p", ["a", "b"]], ["p", ["c"]]]],
        ["s", ["p", [0, 0, 0]], [["p", ["a", "b"]]]],
    ],
    ids=repr,
)
def test_what_no_encoder_wrote_is_unreadable(stored: Any) -> None:
    with pytest.raises(UnreadableColumn):
        decode(msgspec.msgpack.encode(stored), 3)
