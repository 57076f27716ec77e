"""The base class of every expected error. `chalicelib.web` turns it into an HTTP answer."""

from typing import ClassVar


class Refusal(Exception):
    """An expected error that a caller gets: it says what is wrong and what to do.

    Subclasses set `status` (HTTP's), `type` (a stable slug, part of the API) and `title` (one line for people).
    `about` holds what it is about, by name; it becomes extra members of the problem+json answer (RFC 9457).
    """

    status: ClassVar[int] = 400
    type: ClassVar[str] = "bad-request"
    title: ClassVar[str] = "The request cannot be done"

    def __init__(self, detail: str, **about: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.about = about

    @property
    def headers(self) -> dict[str, str]:
        """Return HTTP headers that belong to this refusal, such as Retry-After."""
        return {}


class Busy(Refusal):
    """Concurrent writes came first in every attempt. Nothing was written; the caller may try again.

    Subclasses say what is busy, in `type` and `title`.
    """

    status = 503

    def __init__(self, detail: str = "", **about: object) -> None:
        super().__init__(detail or f"{self.title[0].lower()}{self.title[1:]}; try again", **about)

    @property
    def headers(self) -> dict[str, str]:
        """Ask the client to retry soon."""
        return {"Retry-After": "1"}
