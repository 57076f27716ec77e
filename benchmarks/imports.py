"""The imports of a cold start: each function's code, in a new interpreter. Run as a process of its own; prints JSON.

Conditions are those of a deployment: with bytecode, and without libraries that are for development only. The time is
the process's own CPU time. A machine's speed changes within minutes, so each import is compared with one of the bare
libraries right before it, and the median of these ratios counts; of the times themselves, the best.
"""

import json
import os
import subprocess
import sys
import tempfile
from statistics import median
from typing import Final

from local.resources import Overlay

BARE: Final = "chalice.app, boto3, pynamodb.models"
"""The libraries that every project of this kind needs."""
API: Final = "chalicelib.api"
NOT_DEPLOYED: Final = ("cryptography", "rich")
"""Libraries that a deployed library imports if they are installed."""
ROUNDS: Final = 9
PROGRAM: Final = """
import sys, time
sys.modules.update(dict.fromkeys({absent!r}))
start = time.process_time()
import {modules}
print((time.process_time() - start) * 1000)
"""


def modules() -> dict[str, str]:
    """Return what each function imports, by its name."""
    functions = Overlay.read().functions.values()
    handlers = [function.handler.rpartition(".") for function in functions if function.event_source]
    return {"api": API, **{name: module for module, _, name in handlers}}


def import_ms(code: str, environment: dict[str, str]) -> float:
    """Return how long a new process takes to import modules."""
    program = PROGRAM.format(modules=code, absent=NOT_DEPLOYED)
    command = [sys.executable, "-c", program]
    return float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def measure() -> dict[str, list[tuple[float, float]]]:
    """Return, by module, the milliseconds of the bare libraries and of the module, for each round."""
    with tempfile.TemporaryDirectory() as bytecode:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = bytecode
        distinct = sorted(set(modules().values()))
        for code in (BARE, *distinct):
            import_ms(code, environment)  # writes the bytecode
        return {
            code: [(import_ms(BARE, environment), import_ms(code, environment)) for _ in range(ROUNDS)]
            for code in distinct
        }


def main() -> None:
    """Measure and print."""
    pairs, names = measure(), modules()
    figures = {
        "import_bare_ms": round(min(bare for each in pairs.values() for bare, _ in each)),
        "import_ms": {name: round(min(whole for _, whole in pairs[code])) for name, code in names.items()},
        "import_of_bare": {
            name: round(median(whole / bare for bare, whole in pairs[code]), 2) for name, code in names.items()
        },
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
