"""Build what is deployed: `python -m infrastructure.package`, that is `make package`.

Writes to `build/package/` the SAM template with the resources merged in, the code, and the layer with the libraries,
and prints what is large in them. The same tree gives the same bytes, wherever and whenever it is packaged.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from infrastructure import aliases
from infrastructure.archive import ForeignWheel, rewrite
from infrastructure.interpreters import NoInterpreter, find_interpreter
from infrastructure.lint_template import REGION, lint

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
STAGE = "production"
CODE = "deployment.zip"
LAYER = "layer-deployment.zip"
ARCHIVES = {CODE: "/var/task", LAYER: "/opt"}
"""The archives that Chalice creates, and where Lambda unpacks them."""


@dataclass(frozen=True)
class Package:
    """A directory with what is deployed."""

    directory: Path

    @property
    def template(self) -> Path:
        """Return the SAM template, which names the archives by their paths beside it."""
        return self.directory / "sam.json"

    @property
    def code(self) -> Path:
        """Return the archive of the code."""
        return self.directory / CODE

    @property
    def layer(self) -> Path:
        """Return the archive of the libraries."""
        return self.directory / LAYER


def packaging_python() -> Path:
    """Return the Python that packages, of the version that Lambda runs, with the deployed libraries. See `package`."""
    interpreter, version = find_interpreter()
    return _environment(interpreter, BUILD / f"venv-{version}")


def build_package(output: Path = BUILD / "package") -> Package:
    """Package the project into `output`, which is emptied before.

    Raises NoInterpreter, ForeignWheel, and CalledProcessError if pip or Chalice fails.
    """
    python = packaging_python()
    shutil.rmtree(output, ignore_errors=True)
    chalice: list[str | Path] = [python.with_name("chalice"), "package", "--stage", STAGE, "--template-format", "json"]
    subprocess.run(
        [*chalice, "--merge-template", "infrastructure/resources.json", output],
        cwd=ROOT,
        env={**os.environ, "AWS_DEFAULT_REGION": REGION, "PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
    )
    for name, mount in ARCHIVES.items():
        rewrite(output / name, python, mount)
    aliases.rewrite(output / "sam.json")
    return Package(output)


def _environment(interpreter: Path, directory: Path) -> Path:
    """Return the Python of an environment with the deployed libraries and Chalice; recreate it if a version changed."""
    python = directory / "bin" / "python"
    requirements = ROOT / "requirements.txt"
    chalice = re.search(r"^chalice==.+$", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE)
    if chalice is None:
        raise ValueError("requirements-dev.txt does not pin chalice")
    wanted = hashlib.sha256(requirements.read_bytes() + chalice[0].encode()).hexdigest()
    stamp = directory / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([interpreter, "-m", "venv", "--clear", directory], check=True)
        install: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "-r", requirements, chalice[0]], check=True)
        stamp.write_text(wanted)
    return python


def main() -> int:
    """Package the project and lint its template; return the exit status."""
    try:
        package = build_package()
    except (NoInterpreter, ForeignWheel, subprocess.CalledProcessError) as error:
        print(f"make package: {error}", file=sys.stderr)
        return 1
    found = lint(package.template)
    if found:
        print(found, file=sys.stderr)
        return 1
    for path in sorted(package.directory.iterdir()):
        print(f"{path.stat().st_size:>12,}  {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
