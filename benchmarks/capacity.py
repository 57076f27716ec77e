"""Write the computed parts of docs/capacity.md: `python -m benchmarks.capacity`, after `make bench`.

Each part stands between `<!-- computed: NAME -->` and `<!-- end -->`. A test says when a part is not what this makes of
`latest.json`, the price list and what is deployed.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks.capacity_model import Measured, measured_of
from benchmarks.capacity_parts import PARTS, Part
from benchmarks.capacity_renewals import ROOT, Deployed

PAGE: Final = ROOT / "docs" / "capacity.md"
LATEST: Final = Path(__file__).with_name("latest.json")
MARKED: Final = re.compile(r"(<!-- computed: ([a-z_]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def with_parts(text: str, measured: Measured, deployed: Deployed, parts: Mapping[str, Part] = PARTS) -> str:
    """Return a text with each part computed anew. Raises KeyError for a part that nothing computes."""

    def compute(found: re.Match[str]) -> str:
        lines = "".join(f"{line}\n" for line in parts[found[2]](measured, deployed))
        return f"{found[1]}\n{lines}\n{found[3]}"

    return MARKED.sub(compute, text)


def main() -> None:
    """Write the page."""
    measured = measured_of(json.loads(LATEST.read_text()))
    PAGE.write_text(with_parts(PAGE.read_text(), measured, Deployed.read()))


if __name__ == "__main__":
    main()
