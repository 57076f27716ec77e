"""Lists as Stripe returns them: newest first, with cursors (https://docs.stripe.com/api/pagination)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from local.stripe_emulator.errors import Json, invalid, no_such, unsupported
from local.stripe_emulator.events import shown
from local.stripe_emulator.work import Work

DEFAULT_LIMIT = 10
PAGING = ("created", "ending_before", "limit", "starting_after")
MOST = 100
COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "gt": int.__gt__,
    "gte": int.__ge__,
    "lt": int.__lt__,
    "lte": int.__le__,
}


def listed(work: Work, kind: str, params: Json, url: str, *filters: str) -> Json:
    """Return a page of one kind of object. `filters` are the parameters that an object's own field must equal.

    A filter that Stripe has and that is not among them is refused: ignoring it would return too many objects.
    """
    for name in params:
        if name not in filters and name not in PAGING:
            raise unsupported(name)
    wanted = {name: params[name] for name in filters if name in params}
    created = params.get("created")

    def matches(body: Json) -> bool:
        return all(body.get(name) == value for name, value in wanted.items()) and in_range(body["created"], created)

    return page([*work.all(kind, matches)], params, url, kind)


def in_range(moment: int, wanted: int | Json | None) -> bool:
    """Tell whether a time satisfies `created`, which is a time or a range."""
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return moment == wanted
    return all(COMPARISONS[name](moment, bound) for name, bound in wanted.items())


def page(found: list[Json], params: Json, url: str, noun: str) -> Json:
    """Return one page of what was found, according to `limit`, `starting_after` and `ending_before`."""
    limit = page_size(params)
    if "starting_after" in params and "ending_before" in params:
        raise invalid("Received both starting_after and ending_before parameters. Please pass in only one.")
    if "ending_before" in params:
        before = found[: _position(found, params["ending_before"], noun, "ending_before")]
        return _page(before[max(0, len(before) - limit) :], url, has_more=len(before) > limit)
    start = 0
    if "starting_after" in params:
        start = _position(found, params["starting_after"], noun, "starting_after") + 1
    return _page(islice(found, start, start + limit), url, has_more=len(found) > start + limit)


def page_size(params: Json) -> int:
    """Return `limit`, or refuse one outside of 1 to 100."""
    limit: int = params.get("limit", DEFAULT_LIMIT)
    if 1 <= limit <= MOST:
        return limit
    raise invalid(f"Invalid limit: must be between 1 and {MOST}", param="limit", code="parameter_invalid_integer")


def _position(found: list[Json], cursor: str, noun: str, param: str) -> int:
    for index, body in enumerate(found):
        if body["id"] == cursor:
            return index
    raise no_such(noun, cursor, param=param)


def _page(bodies: Iterable[Json], url: str, *, has_more: bool) -> Json:
    return {"object": "list", "url": url, "has_more": has_more, "data": [shown(body) for body in bodies]}
