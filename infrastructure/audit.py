"""Look for weak settings in the packaged template with checkov: `python -m infrastructure.audit`, that is `make audit`.

checkov brings a hundred libraries, so it is installed apart, into `build/`, and is no part of `make check`. What is
accepted is in `checkov.yaml`, with reasons in docs/decisions/0043-resources.md.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

from infrastructure.interpreters import NoInterpreter, find_interpreter
from infrastructure.lint_template import lint
from infrastructure.package import BUILD, OUTPUT, Package

CHECKOV: Final = "checkov==3.3.30"
SETTINGS: Final = Path(__file__).with_name("checkov.yaml")
TEMPLATE: Final = Package(OUTPUT).template


def main() -> int:
    """Print what cfn-lint and checkov find in the template and its translation; return the exit status."""
    if not TEMPLATE.exists():
        print("make audit: there is no package: run make package first", file=sys.stderr)
        return 1
    found = lint(TEMPLATE)
    if found:
        print(found, file=sys.stderr)
    try:
        checkov = _checkov(BUILD / "venv-audit")
    except (NoInterpreter, subprocess.CalledProcessError) as error:
        print(f"make audit: {error}", file=sys.stderr)
        return 1
    translated = TEMPLATE.with_name(f"{TEMPLATE.stem}.translated.json")
    audited = subprocess.run([checkov, "--config-file", SETTINGS, "--file", translated], check=False)
    return 1 if found else audited.returncode


def _checkov(directory: Path) -> Path:
    """Return checkov in an environment of its own; install it there if it is missing or of another version."""
    stamp = directory / "installed"
    if not stamp.exists() or stamp.read_text() != CHECKOV:
        subprocess.run([find_interpreter()[0], "-m", "venv", "--clear", directory], check=True)
        pip: list[str | Path] = [directory / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", CHECKOV], check=True)
        stamp.write_text(CHECKOV)
    return directory / "bin" / "checkov"


if __name__ == "__main__":
    sys.exit(main())
