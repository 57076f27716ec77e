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
from infrastructure.generator.files import STAGE
from infrastructure.interpreters import NoInterpreter, find_interpreter
from infrastructure.lint_template import REGION, lint
from infrastructure.pruning import Rules, StaleRule, languages_of, prune_code, prune_libraries, read_rules
from infrastructure.sizes import report

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
OUTPUT = BUILD / "package"
CODE = "deployment.zip"
LAYER = "layer-deployment.zip"
ARCHIVES = {CODE: "/var/task", LAYER: "/opt"}
"""The archives that Chalice creates, and where Lambda unpacks them."""
COMPILE_TEMPLATES = "from chalicelib.portal.page_templates import compile_templates; compile_templates()"


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


def build_package(output: Path = OUTPUT, tree: Path = ROOT) -> Package:
    """Package a tree of the project into `output`, which is emptied before.

    Raises NoInterpreter, ForeignWheel, StaleRule, and CalledProcessError if pip or Chalice fails.
    """
    python = packaging_python()
    shutil.rmtree(output, ignore_errors=True)
    chalice: list[str | Path] = [python.with_name("chalice"), "package", "--stage", STAGE, "--template-format", "json"]
    subprocess.run(
        [*chalice, "--merge-template", "infrastructure/resources.json", output],
        cwd=tree,
        env={**os.environ, "AWS_DEFAULT_REGION": REGION, "PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
    )
    package, rules = Package(output), read_rules()
    rewrite(package.code, python, ARCHIVES[CODE], lambda task: _finish_code(task, rules, python))
    languages = languages_of(tree)
    rewrite(
        package.layer, python, ARCHIVES[LAYER], lambda opt: prune_libraries(libraries_in(opt), rules, python, languages)
    )
    aliases.rewrite(package.template)
    return package


def libraries_in(opt: Path) -> Path:
    """Return Python's folder of libraries in an unpacked layer."""
    return next(opt.glob("python/lib/python3.*/site-packages"))


def _finish_code(task: Path, rules: Rules, python: Path) -> None:
    """Compile the pages' templates, which takes longer than all else of a cold first page, and prune the code."""
    # What is written must not depend on the order of a set.
    fixed = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([python, "-c", COMPILE_TEMPLATES], cwd=task, env={**os.environ, **fixed}, check=True)
    prune_code(task, rules)


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
    except (NoInterpreter, ForeignWheel, StaleRule, subprocess.CalledProcessError) as error:
        print(f"make package: {error}", file=sys.stderr)
        return 1
    found = lint(package.template)
    if found:
        print(found, file=sys.stderr)
        return 1
    for path in sorted(package.directory.iterdir()):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        print(f"{digest[:16]}  {path.stat().st_size:>12,} bytes  {path.relative_to(ROOT)}")
    print(*report(package.code, package.layer), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
