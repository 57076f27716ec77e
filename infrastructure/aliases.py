"""Have API Gateway call the published version of the API's function, by its alias, not the code uploaded last.

SAM itself gives every function the alias (`AutoPublishAlias` in `base.json`), and has queues, streams and schedules
call it. Only the routes are Chalice's: each names the function itself.
"""

import json
from pathlib import Path
from typing import Any, Final

ALIAS: Final = "live"
_FUNCTION: Final = "functions/${APIHandler.Arn}/invocations"
_BY_ALIAS: Final = "functions/${APIHandler.Alias}/invocations"
_PERMISSION: Final = "APIHandlerInvokePermission"


def rewrite(template_file: Path) -> None:
    """Have the packaged template in a file call the API by its alias. May be repeated."""
    template_file.write_text(json.dumps(call_by_alias(json.loads(template_file.read_text())), indent=2) + "\n")


def call_by_alias(template: dict[str, Any]) -> dict[str, Any]:
    """Return a packaged template whose routes, and the permission to call them, name the alias. Pure."""
    changed: dict[str, Any] = json.loads(json.dumps(template).replace(_FUNCTION, _BY_ALIAS))
    changed["Resources"][_PERMISSION]["Properties"]["FunctionName"] = {"Ref": "APIHandler.Alias"}
    return changed
