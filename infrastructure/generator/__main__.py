"""Generate what is deployed from `functions.toml`: `python -m infrastructure.generator`, that is `make functions`.

With `--check` nothing is written: it prints the files that are not up to date, and exits with 1 if there are any.
"""

import json
import sys
from pathlib import Path
from typing import Final

from infrastructure.generator.files import files
from infrastructure.generator.references import wrong_references
from infrastructure.generator.roles_page import PAGE, with_roles
from infrastructure.generator.specification import SPECIFICATION, WrongSpecification, read

ROOT: Final = Path(__file__).resolve().parents[2]
BASE: Final = ROOT / "infrastructure" / "base.json"
POLICIES: Final = ".chalice/policy-*.json"


def generate() -> dict[str, str]:
    """Return the content of each file by its path. Raises WrongSpecification, which lists all errors."""
    specification, base = read(SPECIFICATION.read_text()), json.loads(BASE.read_text())
    wrong = list(wrong_references(specification, base))
    if wrong:
        raise WrongSpecification("\n".join(wrong))
    return {**files(specification, base), PAGE: with_roles((ROOT / PAGE).read_text(), specification)}


def outdated(made: dict[str, str], root: Path = ROOT) -> list[str]:
    """Return the paths of the files that differ from what would be generated, or should no longer exist."""
    changed = [path for path, text in made.items() if not (root / path).exists() or (root / path).read_text() != text]
    return changed + sorted(_present(root) - made.keys())


def write(made: dict[str, str], root: Path = ROOT) -> None:
    """Write the files, and delete the policies of functions that no longer exist."""
    for path, text in made.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    for path in _present(root) - made.keys():
        (root / path).unlink()


def _present(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.glob(POLICIES)}


def main() -> int:
    """Write or check the files; return the exit status."""
    try:
        made = generate()
    except WrongSpecification as wrong:
        print(
            *(f"infrastructure/functions.toml: {line}" for line in str(wrong).splitlines()), sep="\n", file=sys.stderr
        )
        return 1
    if "--check" not in sys.argv:
        write(made)
        return 0
    for path in (paths := outdated(made)):
        print(f"{path} is not what infrastructure/functions.toml makes: run make functions", file=sys.stderr)
    return 1 if paths else 0


if __name__ == "__main__":
    sys.exit(main())
