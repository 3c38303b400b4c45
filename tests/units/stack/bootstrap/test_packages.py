"""Packages come from where the user gets them, and are those of the lock: tried with a project of one package."""

import hashlib
import os
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from stack.bootstrap import packages

WHEEL = "tiny-1.0-py3-none-any.whl"
PYPROJECT = """
[project]
name = "project"
version = "1"
requires-python = ">=3.11"
dependencies = ["tiny"]
[tool.uv]
package = false
"""
# As settings of another project: each of them alone would make the lock look outdated, or the packages wrong.
FOREIGN = """
exclude-newer = "2001-01-01T00:00:00Z"
prerelease = "allow"
resolution = "lowest"
fork-strategy = "fewest"
no-binary = true
required-version = "==0.0.1"
python-preference = "only-managed"
constraint-dependencies = ["tiny<1"]
"""


class Index:
    """A package index of a company, and what it was asked for."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.asked: list[str] = []
        page = directory / "simple/tiny"
        page.mkdir(parents=True)
        with zipfile.ZipFile(page / WHEEL, "w") as wheel:
            wheel.writestr("tiny.py", "ANSWER = 42\n")
            wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
            wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr("tiny-1.0.dist-info/RECORD", "")
        self.offer()
        outer = self

        class Handler(SimpleHTTPRequestHandler):
            def log_request(self, *args: object) -> None:
                outer.asked.append(self.path)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(directory)))
        self.url = f"http://127.0.0.1:{self.server.server_port}/simple"

    def offer(self) -> None:
        page = self.directory / "simple/tiny"
        digest = hashlib.sha256((page / WHEEL).read_bytes()).hexdigest()
        (page / "index.html").write_text(f'<a href="{WHEEL}#sha256={digest}">{WHEEL}</a>')


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    index = Index(tmp_path / "index")
    thread = Thread(target=index.server.serve_forever, args=(0.02,))
    thread.start()
    yield index
    index.server.shutdown()
    thread.join()
    index.server.server_close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home/.config/uv").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def environment(home: Path, tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "UV_CACHE_DIR": str(tmp_path / "cache")}


@pytest.fixture
def synchronise(
    index: Index, environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Path]:
    """Return what brings the environment of the project in line, whose lock names the public index."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(PYPROJECT)
    lock = [packages.uv(environment), "lock", "--quiet", f"--default-index={index.url}", "--no-config", "--no-cache"]
    subprocess.run(lock, cwd=project, env=environment, check=True)
    text = (project / "uv.lock").read_text()
    text = text.replace(f"{index.url}/tiny", "https://files.pythonhosted.org/packages")
    (project / "uv.lock").write_text(text.replace(index.url, "https://pypi.org/simple"))
    index.asked.clear()
    monkeypatch.setattr(packages, "ROOT", project)

    def run(**variables: str) -> Path:
        venv = tmp_path / "venv"
        packages.synchronise(venv, environment | variables, "the packages")
        return next(venv.glob("lib/python3*/site-packages"))

    return run


def test_a_company_s_index_in_place_of_the_public_one_goes_on_working(
    synchronise: Callable[..., Path], index: Index, home: Path
) -> None:
    (home / ".config/uv/uv.toml").write_text(
        f'{FOREIGN}[[index]]\nname = "company"\nurl = "{index.url}"\ndefault = true\n'
    )

    assert (synchronise() / "tiny.py").is_file()

    assert f"/simple/tiny/{WHEEL}" in index.asked


@pytest.mark.parametrize("variable", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_an_index_that_a_variable_names_does_too(synchronise: Callable[..., Path], index: Index, variable: str) -> None:
    assert (synchronise(**{variable: index.url}) / "tiny.py").is_file()


def test_another_file_under_the_same_name_is_not_installed(synchronise: Callable[..., Path], index: Index) -> None:
    with zipfile.ZipFile(index.directory / "simple/tiny" / WHEEL, "a") as wheel:
        wheel.writestr("evil.py", "")
    index.offer()

    with pytest.raises(packages.PackagesError, match="could not install"):
        synchronise(UV_DEFAULT_INDEX=index.url)


def test_what_is_in_line_needs_no_index_and_says_nothing(
    synchronise: Callable[..., Path], index: Index, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    synchronise(UV_DEFAULT_INDEX=index.url)
    assert "in line with uv.lock" in capfd.readouterr().err
    index.asked.clear()
    (home / ".config/uv/uv.toml").write_text(FOREIGN)

    for variables in ({}, {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple"}, {"UV_NO_INDEX": "1"}):
        synchronise(**variables)

    assert index.asked == []
    assert capfd.readouterr() == ("", "")


def test_the_machine_s_configuration_counts_after_the_user_s(environment: dict[str, str], home: Path) -> None:
    machine = home / "machine"
    (machine / "uv").mkdir(parents=True)
    (machine / "uv/uv.toml").write_text('link-mode = "copy"\noffline = true\nindex = [{ url = "https://machine" }]\n')
    (home / ".config/uv/uv.toml").write_text(f'{FOREIGN}link-mode = "symlink"\nindex = [{{ url = "https://user" }}]\n')

    chosen = packages.configured(environment | {"XDG_CONFIG_DIRS": str(machine)})

    assert chosen == {
        "link-mode": "symlink",
        "offline": True,
        "index": [{"url": "https://user"}, {"url": "https://machine"}],
    }


def test_a_damaged_configuration_is_named_and_ignored(
    environment: dict[str, str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / ".config/uv/uv.toml").write_text("index = [broken\n")

    assert packages.configured(environment | {"XDG_CONFIG_DIRS": str(home)}) == {}
    assert "uv.toml cannot be read, and is ignored" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["<<<<<<< HEAD\n", "not TOML at all [\n"])
def test_a_lock_with_a_conflict_changes_nothing_and_says_what_to_type(
    synchronise: Callable[..., Path], damage: str
) -> None:
    lock = packages.ROOT / "uv.lock"
    lock.write_text(damage + lock.read_text())

    with pytest.raises(packages.PackagesError, match="just uv lock"):
        synchronise()


def test_a_dependency_that_the_lock_lacks_changes_nothing_and_says_what_to_type(
    synchronise: Callable[..., Path], index: Index
) -> None:
    synchronise(UV_DEFAULT_INDEX=index.url)
    pyproject = packages.ROOT / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('["tiny"]', '["tiny", "other"]'))

    with pytest.raises(packages.PackagesError, match=r"do not match.*No package was changed.*just uv lock"):
        synchronise(UV_DEFAULT_INDEX=index.url)
