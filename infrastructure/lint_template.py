"""Lint a packaged template, both as it is and as SAM translates it: `python -m infrastructure.lint_template FILE`.

Circular dependencies and most wrong references are found only in the translated template.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

REGION = "us-east-1"
CODE_KEYS = ("CodeUri", "ContentUri")


def translate(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return the CloudFormation template that AWS's own translator creates from a SAM template."""
    uploaded = json.loads(json.dumps(template))
    for resource in uploaded["Resources"].values():
        # `aws cloudformation package` puts the URLs of uploaded archives here.
        resource["Properties"].update({key: "s3://bucket/key" for key in CODE_KEYS if key in resource["Properties"]})
    translator = Translator(None, Parser(), boto_session=boto3.session.Session(region_name=REGION))
    translated: dict[str, Any] = translator.translate(uploaded, {})
    return translated


def lint(path: Path) -> str:
    """Return what cfn-lint finds in a template and in its translation, which is written beside it."""
    translated = path.with_name(f"{path.stem}.translated.json")
    translated.write_text(json.dumps(translate(json.loads(path.read_text())), indent=2) + "\n")
    command = [sys.executable, "-m", "cfnlint", "--regions", REGION, "--", str(path), str(translated)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def main() -> int:
    """Print the findings; return the exit status."""
    found = lint(Path(sys.argv[1]))
    if found:
        print(found, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
