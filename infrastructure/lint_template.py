"""Lint a packaged template as SAM translates it: `python -m infrastructure.lint_template FILE`.

What SAM itself does not accept, its translation raises. The template as it is would only be lint of cfn-lint's own:
it does not know that a function of SAM has an attribute `Alias`, nor all that may be in `Globals`.
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

from infrastructure.archive import CODE_KEYS

REGION = "us-east-1"
CFN_LINT = (sys.executable, "-c", "from cfnlint.runner import main; raise SystemExit(main())")


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
    """Return what cfn-lint finds in the translation of a template, which is written beside it.

    Raises CalledProcessError if cfn-lint itself fails: nothing that it says would then mean that all is well.
    """
    translated = path.with_name(f"{path.stem}.translated.json")
    # Indented by one: cfn-lint names lines, and refuses files of more than a million bytes, as CloudFormation does.
    translated.write_text(json.dumps(translate(json.loads(path.read_text())), indent=1) + "\n")
    command = [*CFN_LINT, "--regions", REGION, "--", str(translated)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    found = ended.stdout.strip()
    if ended.returncode and not found:
        raise subprocess.CalledProcessError(ended.returncode, command, ended.stdout, ended.stderr)
    return found


def main() -> int:
    """Print the findings; return the exit status."""
    found = lint(Path(sys.argv[1]))
    if found:
        print(found, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
