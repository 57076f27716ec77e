"""The template as it is deployed: made once for the run by Chalice, with the resources merged in."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infrastructure.lint_template import REGION, translate
from infrastructure.package import ROOT, STAGE

Template = dict[str, Any]
CHALICE = [sys.executable, "-c", "from chalice.cli import main; main()"]


@pytest.fixture(scope="session")
def template_file(processes: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Package the template. The libraries, which it says nothing about, are left out: they take a minute."""
    project = Path(tmp_path_factory.mktemp("project"))
    for name in ("chalicelib", ".chalice", "infrastructure"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("deployments", "__pycache__"))
    shutil.copy(ROOT / "app.py", project)
    (project / "requirements.txt").touch()
    command = [*CHALICE, "package", "--stage", STAGE, "--merge-template", "infrastructure/resources.json", "out"]
    environment = {**os.environ, "AWS_DEFAULT_REGION": REGION, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True)
    return project / "out" / "sam.json"


@pytest.fixture(scope="session")
def template(template_file: Path) -> Template:
    """Return the packaged template."""
    read: Template = json.loads(template_file.read_text())
    return read


@pytest.fixture(scope="session")
def translated(template: Template) -> Template:
    """Return the template as CloudFormation sees it, after SAM's own translation."""
    return translate(template)
