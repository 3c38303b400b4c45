"""A plugin of pytest for the code that lies beside this file.

The tests' databases are made from REHEARSAL_TEMPLATE, which a newer release has migrated, and what fails is written
to the file REHEARSAL_FAILURES.
"""

import json
import os
from pathlib import Path
from typing import Any

from django.db.backends.postgresql.creation import DatabaseCreation


def pytest_configure() -> None:
    """Make every database from the template, also one that is to be a template itself."""
    creation: Any = DatabaseCreation
    creation.sql_table_creation_suffix = lambda _: f'WITH TEMPLATE "{os.environ["REHEARSAL_TEMPLATE"]}"'


def pytest_runtest_logreport(report: Any) -> None:
    """Write down what failed, with the first line of the reason. A process of xdist hands its reports on."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        crash = getattr(report.longrepr, "reprcrash", None)
        message = str(crash.message if crash else report.longrepr).partition("\n")[0]
        with Path(os.environ["REHEARSAL_FAILURES"]).open("a", encoding="utf-8") as file:
            print(json.dumps({"name": report.nodeid, "error": message}), file=file)
