"""Where processes count: each in files of its own, in a directory of its program, all of them beside each other.

prometheus-client reads its environment variable when it is imported, so a program says so before.
"""

import os
import re
import shutil
from pathlib import Path

from checkout import paths
from conf.env import read_env

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def directory(program: str) -> Path:
    """Return the directory in which the processes of a program count; a worker is a program for each node name."""
    base = read_env().str("METRICS_DIR", default="") or paths.METRICS
    return Path(base) / re.sub(r"[^A-Za-z0-9.-]", "-", program)


def begin(program: str) -> None:
    """Count from 0: a program that starts has no processes, and what is there is of those that have ended."""
    place = directory(program)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True, mode=0o700)
    os.environ[VARIABLE] = str(place)
