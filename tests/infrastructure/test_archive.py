import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infrastructure.archive import ForeignWheel, add_bytecode, refuse_foreign_wheels, rewrite
from infrastructure.interpreters import VERSIONS, NoInterpreter, find_interpreter


def tree(directory: Path, **files: str) -> Path:
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return directory


def wheel(directory: Path, *tags: str) -> Path:
    lines = "".join(f"Tag: {tag}\n" for tag in tags)
    return tree(directory, **{"python/pillow-13.0.0.dist-info/WHEEL": f"Wheel-Version: 1.0\n{lines}"})


@pytest.mark.parametrize(
    "tag",
    [
        "cp313-cp313-linux_x86_64",
        "cp313-cp313-linux_aarch64",
        "cp313-cp313-manylinux_2_17_aarch64",
        "cp313-cp313-manylinux_2_39_x86_64",
        "cp313-cp313-musllinux_1_2_x86_64",
        "cp313-cp313-macosx_11_0_arm64",
    ],
)
def test_a_wheel_that_lambda_cannot_run_is_refused(tmp_path: Path, tag: str) -> None:
    with pytest.raises(ForeignWheel, match=r"pillow-13\.0\.0"):
        refuse_foreign_wheels(wheel(tmp_path, tag))


@pytest.mark.parametrize(
    "tag", ["py3-none-any", "cp313-cp313-manylinux_2_34_x86_64", "cp313-cp313-manylinux2014_x86_64"]
)
def test_a_wheel_for_lambda_is_taken(tmp_path: Path, tag: str) -> None:
    refuse_foreign_wheels(wheel(tmp_path, tag))


def test_a_wheel_of_several_tags_is_taken_if_one_is_for_lambda(tmp_path: Path) -> None:
    refuse_foreign_wheels(wheel(tmp_path, "cp313-cp313-manylinux_2_39_x86_64", "cp313-cp313-manylinux_2_17_x86_64"))


@pytest.mark.usefixtures("processes")
def test_modules_are_compiled_so_that_no_source_is_looked_at(tmp_path: Path) -> None:
    tree(tmp_path, **{"package/module.py": "def where(): return __file__\n"})
    add_bytecode(tmp_path, Path(sys.executable), "/var/task")
    version = f"cpython-{sys.version_info.major}{sys.version_info.minor}"
    compiled = (tmp_path / f"package/__pycache__/module.{version}.pyc").read_bytes()
    # PEP 552: flags 1 mean that the file is valid by a hash that is not to be checked.
    assert int.from_bytes(compiled[4:8], "little") == 1
    assert b"/var/task/package/module.py" in compiled
    assert str(tmp_path).encode() not in compiled


@pytest.mark.usefixtures("processes")
def test_what_another_python_compiled_in_the_tree_is_not_packaged(tmp_path: Path) -> None:
    tree(tmp_path, **{"package/module.py": "a = 1\n", "package/__pycache__/module.cpython-27.pyc": "old"})
    add_bytecode(tmp_path, Path(sys.executable), "/var/task")
    assert [path.name for path in tmp_path.rglob("*.pyc")] == [f"module.{sys.implementation.cache_tag}.pyc"]


@pytest.mark.usefixtures("processes")
def test_the_same_content_makes_the_same_archive(tmp_path: Path) -> None:
    files = {"b.py": "b = {'x', 'y', 'z'}\n", "a.py": "a = 1\n"}
    archives = [tmp_path / "1.zip", tmp_path / "2.zip"]
    for path, names in zip(archives, (files, reversed(files)), strict=True):
        with zipfile.ZipFile(path, "w") as content:
            for name in names:
                content.writestr(name, files[name])
        rewrite(path, Path(sys.executable), "/opt", prune=lambda _directory: None)
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
