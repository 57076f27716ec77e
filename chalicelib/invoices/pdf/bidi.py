"""The reading direction of each character of a line: the Unicode Bidirectional Algorithm, UAX 9, revision 50. Pure.

Texts are one paragraph. Of the directional formatting characters they have marks and isolates; embeddings and overrides
were removed before, so the rules about those do not apply. The others are here in the algorithm's terms and under its
names.
"""

import unicodedata
from collections.abc import Callable, Iterator
from itertools import groupby, islice
from typing import Final

STRONG: Final = frozenset({"L", "R", "AL"})
FROM_RIGHT: Final = frozenset({"R", "AL", "AN"})
NUMBERS: Final = frozenset({"EN", "AN"})
NEUTRAL: Final = frozenset({"B", "S", "WS", "ON"})
ISOLATE: Final = "\u2068"
END: Final = "\u2069"
NEUTRAL_OBJECT: Final = "\ufffc"


def base_level_of(text: str) -> int:
    """Return 1 for a text whose first letter is read from right to left, else 0 (P2, P3)."""
    strong = (unicodedata.bidirectional(each) for each in _around_isolates(text))
    return int(next((each for each in strong if each in STRONG), "L") != "L")


def levels_of(text: str, base_level: int) -> list[int]:
    """Return the embedding level of each character: even levels are left-to-right, odd levels right-to-left."""
    if base_level == 0 and (text.isascii() or not any(unicodedata.bidirectional(each) in FROM_RIGHT for each in text)):
        return [0] * len(text)
    isolates = _isolates(text)
    around = iter(_levels(_around_isolates(text), base_level))
    levels: list[int] = []
    at = 0
    for start, end in [*isolates, (len(text), len(text))]:
        levels += islice(around, start - at)
        levels += _isolate_levels(text[start:end], next(around, base_level), base_level)
        at = end
    return levels


def _isolates(text: str) -> list[tuple[int, int]]:
    """Return where the outermost isolates begin and end, with the characters around them."""
    found, depth, start = [], 0, 0
    for place, each in enumerate(text):
        if each == ISOLATE:
            start = start if depth else place
            depth += 1
        elif each == END and depth:
            depth -= 1
            if not depth:
                found.append((start, place + 1))
    return [*found, (start, len(text))] if depth else found


def _around_isolates(text: str) -> str:
    """Return a text with one neutral character for each isolate (X5c, BD13)."""
    for start, end in reversed(_isolates(text)):
        text = f"{text[:start]}{NEUTRAL_OBJECT}{text[end:]}"
    return text


def _isolate_levels(isolate: str, outer: int, base_level: int) -> list[int]:
    """Return the levels of an isolate, whose direction is that of its own first letter (X5c, P2, P3)."""
    if not isolate:
        return []
    content = isolate[1:].removesuffix(END)
    level = base_level + 1 if base_level_of(content) != base_level % 2 else base_level + 2
    ending = [outer] * (len(isolate) - 1 - len(content))
    return [outer, *levels_of(content, level), *ending]


def _levels(text: str, base_level: int) -> list[int]:
    first = [unicodedata.bidirectional(each) or "L" for each in text]
    embedding = "LR"[base_level % 2]
    types = _marks(first, embedding)
    _numbers(types, embedding)
    _brackets(text, first, types, embedding)
    _neutrals(types, embedding)
    levels = [_level(each, base_level) for each in types]
    for place in range(len(text) - 1, -1, -1):
        if first[place] not in NEUTRAL - {"ON"}:
            break
        levels[place] = base_level
    return levels


def in_visual_order(levels: list[int]) -> list[int]:
    """Return the indexes of a line's parts in visual order, from left to right (L2)."""
    places = list(range(len(levels)))
    for lowest in range(max(levels, default=0), 0, -1):
        places = [place for stretch in _stretches(places, _at_least(levels, lowest)) for place in stretch]
    return places


def _at_least(levels: list[int], lowest: int) -> Callable[[int], bool]:
    return lambda place: levels[place] >= lowest


def _stretches(places: list[int], turned: Callable[[int], bool]) -> Iterator[list[int]]:
    for from_right, stretch in groupby(places, key=turned):
        found = list(stretch)
        yield found[::-1] if from_right else found


def _marks(first: list[str], embedding: str) -> list[str]:
    """Apply W1: a mark gets the type of the character before it. So do invisible characters, which X9 would remove."""
    types: list[str] = []
    for each in first:
        types.append((types[-1] if types else embedding) if each in {"NSM", "BN"} else each)
    return types


def _numbers(types: list[str], embedding: str) -> None:
    """Apply W2 to W7: find the types of digits, their separators and their signs."""
    strong = embedding
    for place, each in enumerate(types):
        strong = each if each in STRONG else strong
        if each == "EN" and strong == "AL":
            types[place] = "AN"
    types[:] = ["R" if each == "AL" else each for each in types]
    for place in range(1, len(types) - 1):
        before, here, after = types[place - 1 : place + 2]
        if (here == "ES" and before == after == "EN") or (here == "CS" and before == after and before in NUMBERS):
            types[place] = before
    _signs(types)
    strong = embedding
    for place, each in enumerate(types):
        strong = each if each in STRONG else strong
        if each == "EN" and strong == "L":
            types[place] = "L"


def _signs(types: list[str]) -> None:
    """Apply W5 and W6: signs such as % and $ beside a number get its type; all others become neutral."""
    for places in (range(1, len(types)), range(len(types) - 2, -1, -1)):
        for place in places:
            beside = types[place - places.step]
            if types[place] == "ET" and beside == "EN":
                types[place] = "EN"
    types[:] = ["ON" if each in {"ES", "ET", "CS"} else each for each in types]


def _brackets(text: str, first: list[str], types: list[str], embedding: str) -> None:
    """Apply N0: both brackets of a pair get the same direction."""
    for opening, closing in _pairs(text, types):
        within = {_direction(each) for each in types[opening + 1 : closing]} - {None}
        if not within:
            continue
        before = next((each for each in map(_direction, reversed(types[:opening])) if each), embedding)
        direction = embedding if embedding in within or before == embedding else before
        for bracket in (opening, closing):
            types[bracket] = direction
            place = bracket + 1
            while place < len(text) and first[place] == "NSM":
                types[place] = direction
                place += 1


def _pairs(text: str, types: list[str]) -> list[tuple[int, int]]:
    """Return the indexes of each pair of brackets, in the order of the opening ones (BD16)."""
    waiting: list[tuple[str, int]] = []
    pairs = []
    for place, character in enumerate(text):
        if types[place] != "ON" or not unicodedata.mirrored(character):
            continue
        if unicodedata.category(character) == "Ps":
            waiting.append((_closing(character), place))
        elif unicodedata.category(character) == "Pe":
            found = next((each for each in reversed(waiting) if each[0] == character), None)
            if found:
                pairs.append((found[1], place))
                del waiting[waiting.index(found) :]
    return sorted(pairs)


def _closing(opening: str) -> str:
    """Return the bracket that closes an opening one: it is one or two code points after it."""
    following = chr(ord(opening) + 1)
    return following if unicodedata.category(following) == "Pe" else chr(ord(opening) + 2)


def _direction(kind: str) -> str | None:
    """Return the direction of a type, None if it has none; numbers count as right-to-left."""
    return "R" if kind in NUMBERS else kind if kind in STRONG else None


def _neutrals(types: list[str], embedding: str) -> None:
    """Apply N1 and N2: neutrals get the direction of both their sides if these agree, else the embedding direction."""
    place = 0
    while place < len(types):
        end = place
        while end < len(types) and types[end] in NEUTRAL:
            end += 1
        before = _direction(types[place - 1]) if place else embedding
        after = _direction(types[end]) if end < len(types) else embedding
        for each in range(place, end):
            types[each] = before if before == after and before else embedding
        place = max(end, place + 1)


def _level(kind: str, base_level: int) -> int:
    """Apply I1 and I2: return the level of a type."""
    if base_level % 2:
        return base_level + (kind != "R")
    return base_level + {"R": 1, "AN": 2, "EN": 2}.get(kind, 0)
