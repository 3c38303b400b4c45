"""Which of the machine's variables reach the stack."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from checkout import paths
from stack.bootstrap import launch, tools, variables
from stack.programs import supervisor

FOREIGN = (
    *("DJANGO_SETTINGS_MODULE", "PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH", "PYTHONWARNINGS", "VIRTUAL_ENV"),
    *("PGOPTIONS", "PGSSLMODE", "PGCHANNELBINDING", "PGTARGETSESSIONATTRS", "PGHOST", "PGSERVICE", "PGPASSFILE"),
    *("UV_PYTHON", "UV_EXCLUDE_NEWER", "UV_PRERELEASE", "UV_WORKING_DIR", "UV_CONFIG_FILE", "UV_NO_BINARY"),
    *("PIP_USER", "PIP_TARGET", "PYTEST_ADDOPTS", "COVERAGE_PROCESS_START", "MYPYPATH", "RUFF_NO_CACHE"),
    *("CELERY_CONFIG_MODULE", "C_FORCE_ROOT", "REDISCLI_AUTH", "GUNICORN_CMD_ARGS", "GUNICORN_FD", "LISTEN_FDS"),
    *("PROMETHEUS_MULTIPROC_DIR", "SENTRY_ENVIRONMENT", "SUPERVISOR_PROCESS_NAME", "STACK_STATE", "JUST_JUSTFILE"),
)
CHOSEN = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TERM", "https_proxy", "SSL_CERT_FILE", "UV_DEFAULT_INDEX", "UV_LINK_MODE"),
    *("UV_INDEX_COMPANY_PASSWORD", "UV_HTTP_TIMEOUT", "UV_CACHE_DIR", "STATE_DIR", "POSTGRES_BIN", "DEBUG", "PORT"),
)


def test_what_another_project_exports_does_not_reach_a_recipe_and_what_was_chosen_does() -> None:
    reached = variables.for_recipes(dict.fromkeys((*FOREIGN, *CHOSEN), "x"))

    assert set(reached) - {"no_proxy", "NO_PROXY"} == set(CHOSEN)


def test_programs_get_their_settings_at_each_start_and_nothing_about_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*FOREIGN, *CHOSEN):
        monkeypatch.setenv(name, "x")

    environment = supervisor._environment()

    assert not {"DEBUG", "PORT", "UV_CACHE_DIR", *FOREIGN} & {*environment} - {"STACK_STATE"}
    assert environment["STACK_STATE"] == str(paths.STATE)
    assert environment["TZ"] == "UTC"
    assert environment["https_proxy"] == "x"


def test_every_setting_that_the_code_reads_is_named_in_the_example() -> None:
    read = {
        name
        for path in (paths.ROOT / "conf").rglob("*.py")
        for name in re.findall(r'\benv\.\w+\(\s*"([A-Z_]+)"|read_env\(\)\.\w+\("([A-Z_]+)"', path.read_text())
        for name in name
        if name
    }

    assert {"DEBUG", "SLOW_QUERY_MS", "METRICS_DIR"} <= read
    assert read <= variables.settings(paths.ROOT)


def test_a_setting_reaches_the_programs_when_the_env_file_names_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# a comment\nSTRIPE_KEY=x\n#AWS_PROFILE=\nSTATE_DIR=/elsewhere\n")

    reached = variables.for_recipes({"STRIPE_KEY": "1", "AWS_PROFILE": "2", "AWS_REGION": "3"}, tmp_path)

    assert reached == {"STRIPE_KEY": "1", "AWS_PROFILE": "2"}


def test_no_request_to_ourselves_goes_through_a_proxy() -> None:
    reached = variables.for_recipes({"http_proxy": "http://proxy:3128", "NO_PROXY": "intranet,localhost"})

    assert reached["http_proxy"] == "http://proxy:3128"
    assert reached["no_proxy"] == reached["NO_PROXY"] == "intranet,localhost,127.0.0.1,::1"
    assert variables.for_recipes({"PATH": "x"}) == {"PATH": "x"}


def test_an_empty_environment_still_has_a_home() -> None:
    assert launch.constructed({})["HOME"]


def test_the_launcher_runs_a_program_of_the_locked_packages_in_whatever_environment() -> None:
    hostile = dict.fromkeys(FOREIGN, "/nowhere") | {"PATH": os.environ["PATH"], "UV_PROJECT_ENVIRONMENT": sys.prefix}
    # Python itself reads these before any code of ours, unless it is told not to.
    command = [
        "python3",
        "-I",
        "-S",
        "stack/bootstrap/launch.py",
        "python",
        "-c",
        "import os, django; print(*os.environ)",
    ]

    done = subprocess.run(command, cwd=paths.ROOT, env=hostile, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert not set(FOREIGN) - {"VIRTUAL_ENV"} & set(done.stdout.split())


def test_without_packages_the_launcher_says_how_to_get_them(tmp_path: Path) -> None:
    environment = os.environ | {"UV_PROJECT_ENVIRONMENT": str(tmp_path / "venv"), "STATE_DIR": str(tmp_path)}
    command = ["python3", "-I", "-S", "stack/bootstrap/launch.py", "python", "-m", "stack", "status"]

    done = subprocess.run(command, cwd=paths.ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "just up" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_pip_for_the_tools_takes_indexes_and_nothing_else_from_the_user(tmp_path: Path) -> None:
    directory = tmp_path / ".config/pip"
    directory.mkdir(parents=True)
    (directory / "pip.conf").write_text(
        "[global]\nuser = true\ntarget = /nowhere\nindex-url = https://files.example.com/simple\nlog = /nowhere/log\n"
        "[install]\nprefix = /nowhere\nextra-index-url =\n    https://a.example.com\n    https://b.example.com\n"
    )
    inherited = {"HOME": str(tmp_path), "PATH": "x", "PIP_USER": "1", "PIP_PROXY": "http://proxy", "PYTHONHOME": "/x"}

    environment = tools.environment(inherited | {"XDG_CONFIG_DIRS": str(tmp_path)})

    machine = {name for name in environment if name.startswith("PIP_")}
    assert environment["PIP_INDEX_URL"] == "https://files.example.com/simple"
    assert environment["PIP_EXTRA_INDEX_URL"].endswith("https://a.example.com https://b.example.com")
    assert environment["PIP_PROXY"] == "http://proxy"
    assert environment["PIP_CONFIG_FILE"] == os.devnull
    assert not machine & {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_LOG"}
    assert "PYTHONHOME" not in environment


def test_a_damaged_file_of_pip_is_named_and_ignored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".pip").mkdir()
    (tmp_path / ".pip/pip.conf").write_text("index-url without a section\n")

    tools.environment({"HOME": str(tmp_path)})

    assert f"{tmp_path}/.pip/pip.conf cannot be read, and is ignored" in capsys.readouterr().err
