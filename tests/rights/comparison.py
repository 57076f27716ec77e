"""What was called against what is granted. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from tests.rights.right import Right


@dataclass(frozen=True)
class Comparison:
    """The differences, each sorted.

    `missing` was called and is not granted; `extra` is granted and was never called, without a reason;
    `explained` is an exception that explains nothing any more: it is not granted.
    """

    missing: list[Right]
    extra: list[Right]
    explained: list[Right]

    @property
    def is_equal(self) -> bool:
        """Tell whether nothing is missing and nothing extra."""
        return not (self.missing or self.extra or self.explained)

    def lines(self) -> Iterable[str]:
        """Yield a line for each difference."""
        for each in self.missing:
            yield f"missing: {each}: called in a test, refused when deployed"
        for each in self.extra:
            yield f"extra: {each}: granted, and called in no test"
        for each in self.explained:
            yield f"no longer an exception: {each}"


def compare(called: Collection[Right], granted: Collection[Right], reasons: Mapping[Right, str]) -> Comparison:
    """Compare; `reasons` are why some rights are granted although no test may call them."""
    missing, uncalled = set(called) - set(granted), set(granted) - set(called)
    return Comparison(sorted(missing), sorted(uncalled - reasons.keys()), sorted(reasons.keys() - set(granted)))
