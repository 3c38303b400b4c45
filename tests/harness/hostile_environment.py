"""Environments and homes in which everything that concerns our tools, and is not meant for us, is wrong."""

import sys
from pathlib import Path

# What each program does with such a value: refuse to start, look elsewhere, or do something else.
_NOWHERE = (
    *("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONPYCACHEPREFIX", "PYTHONUSERBASE", "VIRTUAL_ENV"),
    *("CONDA_PREFIX", "PGDATA", "PGPASSFILE", "PGSERVICEFILE", "PGSYSCONFDIR", "PSQL_HISTORY", "UV_WORKING_DIR"),
    *("UV_PROJECT", "UV_CONFIG_FILE", "UV_CONSTRAINT", "UV_OVERRIDE", "PIP_TARGET", "PIP_PREFIX", "PIP_LOG"),
    *("PIP_CONSTRAINT", "COVERAGE_PROCESS_START", "MYPYPATH", "PROMETHEUS_MULTIPROC_DIR", "JUST_JUSTFILE"),
    *("JUST_WORKING_DIRECTORY", "JUST_TEMPDIR", "TMPDIR", "OPENSSL_CONF", "LD_PRELOAD", "HISTFILE", "BASH_ENV", "ENV"),
)
VARIABLES = dict.fromkeys(_NOWHERE, "/nowhere/at/all") | {
    "DJANGO_SETTINGS_MODULE": "another.settings",
    "DJANGO_CONFIGURATION": "Another",
    "PYTHONSAFEPATH": "1",
    "PYTHONOPTIMIZE": "2",
    "PYTHONWARNINGS": "error",
    "PYTHONBREAKPOINT": "nowhere.at_all",
    "PYTHONIOENCODING": "utf-16",
    "PGHOST": "nowhere.invalid",
    "PGPORT": "1",
    "PGUSER": "nobody",
    "PGDATABASE": "nothing",
    "PGSERVICE": "nothing",
    "PGSSLMODE": "verify-full",
    "PGCHANNELBINDING": "require",
    "PGOPTIONS": "-c nothing=1",
    "PGTARGETSESSIONATTRS": "standby",
    "PGCLIENTENCODING": "SQL_ASCII",
    "PGCONNECT_TIMEOUT": "never",
    "REDISCLI_AUTH": "wrong",
    "CELERY_CONFIG_MODULE": "nowhere",
    "CELERY_BROKER_URL": "amqp://nowhere.invalid",
    "CELERY_LOADER": "nowhere",
    "GUNICORN_CMD_ARGS": "--bind=nowhere --no-such-option",
    "GUNICORN_FD": "99",
    "LISTEN_FDS": "9",
    "PYTEST_ADDOPTS": "--no-such-option",
    "PYTEST_PLUGINS": "nowhere",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "UV_PYTHON": "3.9",
    "UV_EXCLUDE_NEWER": "2001-01-01",
    "UV_PRERELEASE": "allow",
    "UV_RESOLUTION": "lowest",
    "UV_NO_BINARY": "1",
    "UV_FROZEN": "1",
    "UV_NO_SYNC": "1",
    "UV_NO_GROUP": "dev",
    "UV_REQUIRE_HASHES": "1",
    "UV_MANAGED_PYTHON": "1",
    "PIP_USER": "1",
    "PIP_NO_BINARY": ":all:",
    "PIP_PYTHON": "/nowhere",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "JUST_DRY_RUN": "1",
    "JUST_DOTENV_REQUIRED": "1",
    "SUPERVISOR_ENABLED": "0",
    "SUPERVISOR_PROCESS_NAME": "web",
    "STACK_ROOT": "/nowhere",
    "STACK_PYTHON": "/nowhere",
    "TZ": "America/New_York",
    "LANG": "xx_XX.UTF-8",
    "LC_ALL": "xx_XX.UTF-8",
    "COLUMNS": "many",
}


def fill(home: Path) -> None:
    """Fill a home directory with configuration that breaks whoever follows it."""
    site = f".local/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    files = {
        ".config/uv/uv.toml": 'exclude-newer = "2001-01-01T00:00:00Z"\nno-binary = true\nprerelease = "allow"\n'
        'required-version = "==0.0.1"\npython-preference = "only-managed"\n',
        ".config/uv/.python-version": "3.9\n",
        ".config/pip/pip.conf": "[global]\nuser = true\ntarget = /nowhere\nno-binary = :all:\nlog = /nowhere/log\n",
        ".pip/pip.conf": "this is no configuration\n",
        ".pydistutils.cfg": "[install]\nprefix = /nowhere\n",
        f"{site}/usercustomize.py": "raise SystemExit('usercustomize')\n",
        f"{site}/sitecustomize.py": "raise SystemExit('sitecustomize')\n",
        f"{site}/hostile.pth": "import nowhere_at_all\n",
        f"{site}/django.py": "raise SystemExit('django')\n",
        ".pythonrc": "raise SystemExit\n",
        ".psqlrc": "\\q\n",
        ".pgpass": "*:*:*:*:wrong\n",
        ".pg_service.conf": "[app]\nhost=nowhere.invalid\n",
        ".postgresql/root.crt": "no certificate\n",
        ".postgresql/postgresql.crt": "no certificate\n",
        ".redisclirc": ":set nothing\n",
        ".coveragerc": "[run]\nplugins = nowhere\n",
        ".config/mypy/config": "[mypy]\nplugins = nowhere\n",
        ".mypy.ini": "[mypy]\nplugins = nowhere\n",
        ".config/ruff/ruff.toml": "no = configuration\n",
        "pytest.ini": "[pytest]\naddopts = --no-such-option\n",
        "conftest.py": "raise SystemExit('conftest')\n",
        ".env": "ENVIRONMENT=production\nthis is no line\n",
        ".profile": "exit 1\n",
        ".bashrc": "exit 1\n",
        ".shrc": "exit 1\n",
        "justfile": "this is no justfile\n",
        ".justfile": "this is no justfile\n",
        ".gitconfig": "[core]\nhooksPath = /nowhere\n",
        ".inputrc": "set nothing\n",
        ".netrc": "machine localhost login nobody password wrong\n",
        ".supervisord.conf": "[supervisord]\nuser=nobody\n",
        "supervisord.conf": "[supervisord]\nuser=nobody\n",
        ".celeryconfig.py": "raise SystemExit\n",
    }
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    (home / ".pgpass").chmod(0o600)
