"""What a project adds to the template's settings, in a copy of the code."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from checkout import paths

OWN = """
API_TITLE = "Acme API"
APPS = ["apps.core"]
API_TAGS = [{"name": "acme", "description": "Acme's"}]
API_THROTTLE_RATES = {"export": "10/h"}
LANGUAGE_CODE = "de"


def adjust(settings):
    settings["MIDDLEWARE"].insert(0, "acme.Middleware")
"""
SHOWN = """
from conf import settings
print(settings.SPECTACULAR_SETTINGS["TITLE"], settings.LANGUAGE_CODE, settings.MIDDLEWARE[0])
print(settings.SPECTACULAR_SETTINGS["TAGS"][-1]["name"], settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]["export"])
print(settings.INSTALLED_APPS[-1])
"""


def settings_of_a_project(root: Path, own: str) -> "subprocess.CompletedProcess[str]":
    """Read the settings in a copy of the code, with more lines in the project's own."""
    for name in ("apps", "conf", "checkout"):
        shutil.copytree(paths.ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    settings = root / "conf/project/settings.py"
    settings.write_text(settings.read_text() + own)
    environment = {"PATH": os.environ["PATH"], "ENVIRONMENT": "development", "STATE_DIR": str(root / "state")}
    return subprocess.run(
        [sys.executable, "-c", SHOWN], cwd=root, env=environment, capture_output=True, text=True, check=False
    )


def test_a_project_adds_replaces_and_adjusts(tmp_path: Path) -> None:
    shown = settings_of_a_project(tmp_path, OWN)
    assert shown.stdout.splitlines() == ["Acme API de acme.Middleware", "acme 10/h", "apps.core"], shown.stderr


def test_a_limit_of_a_project_that_cannot_be_counted_is_refused(tmp_path: Path) -> None:
    shown = settings_of_a_project(tmp_path, '\nAPI_THROTTLE_RATES = {"export": "often"}\n')
    assert "export" in shown.stderr.splitlines()[-1]
