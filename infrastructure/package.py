"""Build what is deployed: `python -m infrastructure.package`, that is `make package`.

Writes to `build/package/` the SAM template with the resources merged in, the code, and the layer with the libraries.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from infrastructure import aliases
from infrastructure.archive import LocalWheel, add_bytecode, refuse_local_wheels
from infrastructure.interpreters import NoInterpreter, find_interpreter
from infrastructure.lint_template import REGION, lint

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
STAGE = "production"
ARCHIVES = {"deployment.zip": "/var/task", "layer-deployment.zip": "/opt"}
"""The archives that Chalice creates, and where Lambda unpacks them."""


def package(output: Path = BUILD / "package") -> Path:
    """Package the project into `output` and return its template.

    Raises NoInterpreter, LocalWheel, and CalledProcessError if pip or Chalice fails.
    """
    interpreter, version = find_interpreter()
    python = _environment(interpreter, BUILD / f"venv-{version}")
    shutil.rmtree(output, ignore_errors=True)
    chalice: list[str | Path] = [python.with_name("chalice"), "package", "--stage", STAGE, "--template-format", "json"]
    subprocess.run(
        [*chalice, "--merge-template", "infrastructure/resources.json", output],
        cwd=ROOT,
        env={**os.environ, "AWS_DEFAULT_REGION": REGION, "PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
    )
    for name, mount in ARCHIVES.items():
        refuse_local_wheels(output / name)
        add_bytecode(output / name, python, mount)
    aliases.rewrite(output / "sam.json")
    return output / "sam.json"


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
        template = package()
    except (NoInterpreter, LocalWheel, subprocess.CalledProcessError) as error:
        print(f"make package: {error}", file=sys.stderr)
        return 1
    found = lint(template)
    if found:
        print(found, file=sys.stderr)
        return 1
    for path in sorted(template.parent.iterdir()):
        print(f"{path.stat().st_size:>12,}  {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
