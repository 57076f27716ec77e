"""The imports of a cold start: each function's code, in a new interpreter. Run as a process of its own; prints JSON.

Conditions are those of a deployment: with bytecode, and without libraries that are for development only. Functions and
the bare libraries are measured in turn. The time is the process's own CPU time; the best of several rounds counts.
"""

import json
import os
import subprocess
import sys
import tempfile

from local.resources import Overlay

BARE = "chalice.app, boto3, pynamodb.models"
"""The libraries that every project of this kind needs."""
API = "chalicelib.api"
NOT_DEPLOYED = ("cryptography", "rich")
"""Libraries that a deployed library imports if they are installed."""
ROUNDS = 7
PROGRAM = """
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
    return {"bare": BARE, "api": API, **{name: module for module, _, name in handlers}}


def import_ms(code: str, environment: dict[str, str]) -> float:
    """Return how long a new process takes to import modules."""
    program = PROGRAM.format(modules=code, absent=NOT_DEPLOYED)
    command = [sys.executable, "-c", program]
    return float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def measure() -> dict[str, float]:
    """Return the milliseconds of each function's import, and those of the bare libraries."""
    of = modules()
    distinct = dict.fromkeys(of.values())
    with tempfile.TemporaryDirectory() as bytecode:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = bytecode
        rounds = [{code: import_ms(code, environment) for code in distinct} for _ in range(ROUNDS + 1)]
    # The first round writes the bytecode.
    return {name: min(each[code] for each in rounds[1:]) for name, code in of.items()}


def main() -> None:
    """Measure and print."""
    measured = measure()
    bare = measured.pop("bare")
    figures = {
        "import_bare_ms": round(bare),
        "import_ms": {name: round(value) for name, value in measured.items()},
        "import_of_bare": {name: round(value / bare, 2) for name, value in measured.items()},
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
