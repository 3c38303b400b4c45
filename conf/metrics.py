"""The directories in which processes count for Prometheus, one for each program.

prometheus-client reads its environment variable when it is imported, so a program sets it before.
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
    """Start counting from 0: files that exist belong to processes that have ended."""
    files = directory(program)
    shutil.rmtree(files, ignore_errors=True)
    try:
        files.mkdir(parents=True, mode=0o700)
    except OSError as error:
        message = f"METRICS_DIR: {files} cannot be made ({error.strerror}). Set it to a directory that can be written."
        raise SystemExit(f"error: {message}") from None
    os.environ[VARIABLE] = str(files)
