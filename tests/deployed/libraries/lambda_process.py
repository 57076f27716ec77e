"""Runs inside the package: `python -I -S lambda_process.py TASK LIBRARIES`, with nothing else to import but Python.

Reads one JSON command a line and answers each with a line: an event for an entry point, a program whose `result` is the
answer, or `opened`, which files of the libraries were opened so far. Everything else that is printed goes to the log.
"""

import importlib
import json
import sys
import traceback
from typing import Any, TextIO

TASK, LIBRARIES = sys.argv[1:]
opened: set[str] = set()


class Context:
    """Lambda's context object, as far as anything reads it."""

    function_name = "packaged"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:packaged"
    aws_request_id = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(LIBRARIES):
        opened.add(arguments[0].removeprefix(f"{LIBRARIES}/"))


def obey(command: dict[str, Any]) -> Any:
    if "handler" in command:
        module, _, name = command["handler"].rpartition(".")
        return getattr(importlib.import_module(module), name)(command["event"], Context())
    if "program" in command:
        names: dict[str, Any] = {}
        exec(command["program"], names)  # noqa: S102 - a test's own program
        return names.get("result")
    return sorted(opened)


def serve(answers: TextIO) -> None:
    for line in sys.stdin:
        try:
            answer = {"answer": obey(json.loads(line))}
        except Exception:  # noqa: BLE001 - whatever it is, the test shows it
            answer = {"error": traceback.format_exc()}
        answers.write(json.dumps(answer, default=str) + "\n")
        answers.flush()


if __name__ == "__main__":
    sys.path[:0] = [TASK, LIBRARIES]
    sys.addaudithook(watch)
    own_output, sys.stdout = sys.stdout, sys.stderr
    serve(own_output)
