import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infrastructure.archive import LocalWheel, add_bytecode, refuse_local_wheels
from infrastructure.interpreters import VERSIONS, NoInterpreter, find_interpreter


def archive(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as content:
        for name, text in files.items():
            content.writestr(name, text)
    return path


def wheel(path: Path, tag: str) -> Path:
    return archive(path, **{"pillow-13.0.0.dist-info/WHEEL": f"Wheel-Version: 1.0\nTag: {tag}\n"})


@pytest.mark.parametrize("tag", ["cp313-cp313-linux_x86_64", "cp313-cp313-linux_aarch64"])
def test_a_wheel_that_was_compiled_here_is_refused(tmp_path: Path, tag: str) -> None:
    with pytest.raises(LocalWheel, match=r"pillow-13\.0\.0"):
        refuse_local_wheels(wheel(tmp_path / "layer.zip", tag))


@pytest.mark.parametrize(
    "tag", ["py3-none-any", "cp313-cp313-manylinux_2_17_x86_64", "cp313-cp313-manylinux2014_x86_64"]
)
def test_a_wheel_for_every_linux_is_taken(tmp_path: Path, tag: str) -> None:
    refuse_local_wheels(wheel(tmp_path / "layer.zip", tag))


@pytest.mark.usefixtures("processes")
def test_modules_are_compiled_so_that_no_source_is_looked_at(tmp_path: Path) -> None:
    path = archive(tmp_path / "code.zip", **{"package/module.py": "def where(): return __file__\n"})
    add_bytecode(path, Path(sys.executable), "/var/task")
    version = f"cpython-{sys.version_info.major}{sys.version_info.minor}"
    with zipfile.ZipFile(path) as content:
        compiled = content.read(f"package/__pycache__/module.{version}.pyc")
    # PEP 552: flags 1 mean that the file is valid by a hash that is not to be checked.
    assert int.from_bytes(compiled[4:8], "little") == 1
    assert b"/var/task/package/module.py" in compiled
    assert str(tmp_path).encode() not in compiled


@pytest.mark.usefixtures("processes")
def test_the_same_content_makes_the_same_archive(tmp_path: Path) -> None:
    files = {"b.py": "b = 1\n", "a.py": "a = 1\n"}
    archives = [archive(tmp_path / "1.zip", **files), archive(tmp_path / "2.zip", **dict(reversed(files.items())))]
    for path in archives:
        add_bytecode(path, Path(sys.executable), "/opt")
    assert archives[0].read_bytes() == archives[1].read_bytes()


@pytest.mark.usefixtures("processes")
def test_the_interpreter_that_is_found_really_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        executable, version = find_interpreter()
    except NoInterpreter:
        pytest.skip("no interpreter for packaging on this machine")
    assert version in VERSIONS
    answer = subprocess.run([executable, "--version"], capture_output=True, text=True, check=True)
    assert answer.stdout.startswith(f"Python {version}.")


@pytest.mark.usefixtures("processes")
def test_a_shim_that_refuses_to_run_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in VERSIONS:
        shim = tmp_path / f"python{version}"
        shim.write_text("#!/bin/sh\nexit 127\n")
        shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    with pytest.raises(NoInterpreter, match="packaging needs one of Python"):
        find_interpreter()
