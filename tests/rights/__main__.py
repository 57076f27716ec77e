"""Compare the record of a whole run with the policies: `python -m tests.rights DIRECTORY`.

`RIGHTS_RECORD=DIRECTORY make test` keeps the record in an existing directory. With `--part`, of a part of the tests,
only what is missing is printed. The exit status is 1 if anything differs.
"""

import argparse
import sys
from pathlib import Path

from tests.rights.plugin import compared
from tests.rights.recorder import recorded


def main() -> int:
    """Print the comparison; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path, help="where the records are")
    parser.add_argument("--part", action="store_true", help="not all tests ran")
    options = parser.parse_args()
    found = compared(options.directory, is_whole=not options.part)
    print(*found.lines(), sep="\n", end="\n" if not found.is_equal else "")
    print(
        f"{len(recorded(options.directory))} rights were used; {len(found.missing)} missing, {len(found.extra)} extra"
    )
    return 0 if found.is_equal else 1


if __name__ == "__main__":
    sys.exit(main())
