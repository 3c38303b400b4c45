"""Where this checkout keeps its files and sockets. Every path below the state directory is named here.

Only the standard library: the recipes read this before any package is installed.
"""

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOTENV = ROOT / ".env"
LOCK_FILE = ROOT / "uv.lock"

# --- The state directory: what the stack writes, not in git ----------------------------------------------------
STATE = Path(os.environ.get("STATE_DIR") or ROOT / ".state").absolute()
# Data, and what is needed to go on with it.
POSTGRES_DATA = STATE / "postgres"
# A complete cluster that is about to take the place of the former (stack/upgrade/exchange.py).
POSTGRES_NEXT = STATE / "postgres.next"
REDIS_DATA = STATE / "redis"
POSTGRES_PASSWORD_FILE = STATE / "postgres.password"
REDIS_PASSWORD_FILE = STATE / "redis.password"
REDIS_CONFIGURATION = STATE / "redis.conf"
BACKUPS = STATE / "backups"
SNAPSHOTS = STATE / "snapshots"
MAIL = STATE / "mail"
STATIC_FILES = STATE / "static"
# The environment of Python packages in which the supervisor and the embedded servers are installed.
SERVICES = STATE / "services"
# uv's cache, for users without a home directory.
PACKAGE_CACHE = STATE / "cache"
# One file a program, in LOGS; one file a kind of log record, in LOGS_BY_KIND.
LOGS = STATE / "log"
LOGS_BY_KIND = STATE / "kinds"
TEST_LOGS = STATE / "test" / "log"
METRICS = STATE / "metrics"
# What runs, and how it was started.
LOCK = STATE / "lock"
PID_RECORDS = STATE / "pids"
SUPERVISOR_CONFIGURATION = STATE / "supervisord.conf"
SUPERVISOR_PID_FILE = STATE / "supervisord.pid"
WEB_PID_FILE = STATE / "web.pid"
PORT_FILE = STATE / "port"
RUNTIME_RECORD = STATE / "runtime"
# What was decided or checked before, so that it is not asked again.
GIVEN_SETTINGS = STATE / "given.json"
CHECKED_SETTINGS = STATE / "settings.checked"
CONSENT = STATE / "agreed.json"
APPLIED_MIGRATIONS = STATE / "migrated"
# Results of the tests.
FUZZ_FIGURES = STATE / "fuzz"
SCREENSHOTS = STATE / "screenshots"

# --- The sockets: macOS limits a socket's path to 103 bytes, so they have a short directory of their own --------
CHECKOUT = hashlib.sha256(os.fsencode(STATE)).hexdigest()[:12]
RUNTIME = Path("/tmp") / f"stack-{os.getuid()}-{CHECKOUT}"  # noqa: S108 - 0700, checked before use
REDIS_SOCKET = RUNTIME / "redis.sock"
SUPERVISOR_SOCKET = RUNTIME / "supervisor.sock"


def start_record(program: str) -> Path:
    """Return the file that records with which settings and packages a program was started."""
    return STATE / f"{program}.started"
