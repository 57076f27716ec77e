"""The cold start of each function, from the real package: `python -m infrastructure.imports`, after `make package`.

Each import runs in a new process of the Python that packaged, with the package's code, libraries and bytecode and
nothing else. The time is the process's own processor time. A machine's speed changes within minutes, so each import is
compared with one of the bare libraries right before it, and the median of these ratios counts; of the times, the best.
"""

import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from infrastructure.generator.specification import SPECIFICATION, read
from infrastructure.package import ARCHIVES, OUTPUT, Package, libraries_in, packaging_python

API: Final = "chalicelib.api"
BARE: Final = "boto3, pynamodb.models"
"""The libraries that every function of this kind needs."""

ROUNDS: Final = 7
LARGEST: Final = 15
PROGRAM: Final = """
import json, sys, time
before = set(sys.modules)
sys.path[:0] = {paths!r}
start = time.process_time()
import {modules}
took = time.process_time() - start
peak = int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0])
print(json.dumps([took * 1000, len(set(sys.modules) - before), peak]))
"""


@dataclass(frozen=True)
class Import:
    """What one import took: processor milliseconds, modules, and the process's memory at its highest, in KiB."""

    ms: float
    modules: int
    peak_kib: int


@dataclass(frozen=True)
class Unpacked:
    """A package as Lambda unpacks it, and the Python that runs it."""

    python: Path
    paths: tuple[str, str]

    @classmethod
    def of(cls, package: Package, directory: Path) -> "Unpacked":
        """Unpack a package into a directory."""
        for name, mount in ARCHIVES.items():
            with zipfile.ZipFile(package.directory / name) as archive:
                archive.extractall(directory / mount.lstrip("/"))
        libraries = libraries_in(directory / "opt")
        return cls(packaging_python(), (str(directory / "var/task"), str(libraries)))

    def run(self, modules: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Import modules in a new process."""
        program = PROGRAM.format(paths=list(self.paths), modules=modules)
        command: list[str | Path] = [self.python, "-I", "-S", *options, "-c", program]
        return subprocess.run(command, capture_output=True, text=True, check=True)

    def measure(self, modules: str) -> Import:
        """Return what an import took."""
        return Import(*json.loads(self.run(modules).stdout))

    def largest(self, modules: str) -> list[tuple[float, str]]:
        """Return the modules that take longest by themselves, in milliseconds: the best of several times for each."""
        best: dict[str, float] = {}
        for _ in range(ROUNDS):
            lines = self.run(modules, "-X", "importtime").stderr.splitlines()[1:]
            for own, _total, name in (line.removeprefix("import time:").split("|") for line in lines):
                best[name.strip()] = min(best.get(name.strip(), float("inf")), int(own) / 1000)
        return sorted(((ms, name) for name, ms in best.items()), reverse=True)[:LARGEST]


def entry_modules() -> dict[str, list[str]]:
    """Return the functions by the module that they are entered in."""
    found: dict[str, list[str]] = {API: ["api"]}
    for name, function in read(SPECIFICATION.read_text()).functions.items():
        found.setdefault(function.handler.rpartition(".")[0], []).append(name)
    return found


def table(unpacked: Unpacked, rounds: int = ROUNDS) -> list[tuple[str, Import, float]]:
    """Return a row for each module that functions are entered in: its functions, its import, and times of bare."""
    rows = []
    for module, names in entry_modules().items():
        pairs = [(unpacked.measure(BARE), unpacked.measure(module)) for _ in range(rounds)]
        best = min((whole for _, whole in pairs), key=lambda each: each.ms)
        rows.append((", ".join(names), best, median(whole.ms / bare.ms for bare, whole in pairs)))
    return rows


def main() -> int:
    """Print the table; return the exit status."""
    package = Package(OUTPUT)
    if not package.template.exists():
        print("there is no package: run make package first", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as directory:
        unpacked = Unpacked.of(package, Path(directory))
        bare = min((unpacked.measure(BARE) for _ in range(ROUNDS)), key=lambda each: each.ms)
        print(f"{'ms':>5} {'of bare':>7} {'modules':>7} {'peak MB':>7}  function")
        print(f"{bare.ms:5.0f} {1:7.2f} {bare.modules:7} {bare.peak_kib / 1024:7.0f}  (bare: {BARE})")
        for names, best, ratio in table(unpacked):
            print(f"{best.ms:5.0f} {ratio:7.2f} {best.modules:7} {best.peak_kib / 1024:7.0f}  {names}")
        print(f"\nThe modules that take longest by themselves, of {API}:")
        print(*(f"{ms:7.1f} ms  {name}" for ms, name in unpacked.largest(API)), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
