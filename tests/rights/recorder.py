"""Records which function makes which calls to AWS: where botocore makes a request of them, in every process of a run.

The function is the one that the log lines of the call would name. Calls of tests, and of what runs in no function,
name none and are not recorded. Each right is written once a process, at once: a process that is killed loses nothing.

`install` registers the hook for every client that is made afterwards, as moto does. It is called before the first one:
by `tests/conftest.py`, and by `local.child` in the processes that are started.
"""

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

import botocore.handlers

from chalicelib.log import context_fields
from infrastructure.generator.names import bucket_id, queue_id, table_id
from tests.rights.calls import required
from tests.rights.right import Right

DIRECTORY: Final = "RIGHTS_RECORD"
"""The environment variable with the directory of the records; nothing is recorded without it."""

LIST: Final = "s3:ListBucket"
NAMED: Final = {
    "dynamodb": ("_TABLE", table_id),
    "sqs": ("_QUEUE_URL", queue_id),
    "s3": ("_BUCKET", bucket_id),
}
"""How the variables end that name a service's resources, and how their logical ids are made."""
SINGLE: Final = {"events": ("EVENT_BUS_NAME", "EventBus"), "secretsmanager": ("SECRET_ID", "Secret")}
"""The variable and the logical id of what there is one of."""

_recorded: set[Right] = set()
_names: dict[tuple[str, str], str] = {}
_lock = Lock()


@cache
def install() -> None:
    """Record the calls of this process, if the run asks for it."""
    if DIRECTORY in os.environ:
        # Before parameters become a request, as for a link that is signed here and opened elsewhere.
        botocore.handlers.BUILTIN_HANDLERS.insert(0, ("before-parameter-build", _record_call))
        botocore.handlers.BUILTIN_HANDLERS.insert(0, ("after-call.s3", _record_not_found))


def _record_call(params: Mapping[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
    service = model.service_model.service_id.hyphenize()
    if "function" in context_fields():
        context["bucket"] = params.get("Bucket")
        for action, physical_name in required(service, model.name, params):
            _record(action, _logical_name(action, physical_name))


def _record_not_found(http_response: Any, model: Any, context: Mapping[str, Any], **_: Any) -> None:
    """Record that a function learned that an object is missing: without the right to list it would be 403, not 404."""
    if http_response.status_code == 404 and context.get("bucket") and "function" in context_fields():
        _record(LIST, _logical_name(LIST, context["bucket"]))


def _record(action: str, resource: str) -> None:
    right = Right(str(context_fields()["function"]), action, resource)
    if right not in _recorded:
        with _lock:
            _recorded.add(right)
            with (Path(os.environ[DIRECTORY]) / f"{os.getpid()}.jsonl").open("a") as file:
                file.write(json.dumps(right) + "\n")


def _logical_name(action: str, physical: str) -> str:
    """Return the logical id of a resource by the settings that name it now, with what follows it."""
    name, slash, rest = (physical, "", "") if "://" in physical else physical.partition("/")
    service = action.partition(":")[0]
    if (service, name) not in _names:
        known = (logical for variable, logical in _settings(service) if os.environ[variable] == name)
        _names[service, name] = next(known, name)
    return f"{_names[service, name]}{slash}{rest}"


def _settings(service: str) -> Iterator[tuple[str, str]]:
    """Yield the variables that name resources of a service, each with the logical id of its resource."""
    if service in SINGLE and SINGLE[service][0] in os.environ:
        yield SINGLE[service]
    suffix, logical_id = NAMED.get(service, ("", str))
    for variable in os.environ:
        if suffix and variable.endswith(suffix):
            yield variable, logical_id(variable.removesuffix(suffix).lower())


def recorded(directory: Path) -> set[Right]:
    """Return what all processes of a run recorded."""
    return {
        Right(*json.loads(line)) for file in directory.glob("*.jsonl") for line in file.read_text().splitlines() if line
    }
