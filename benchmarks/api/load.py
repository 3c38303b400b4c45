"""The load generator, wrk: how many requests a second, and how long they took."""

import re
import shutil
import subprocess
import sys
from typing import NamedTuple

from benchmarks.api.scenarios import Request

# wrk prints percentiles of its own choice; these go to stdout in a form that is easy to read.
_REPORT = """
wrk.method = "{method}"
wrk.body = '{body}'
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


class Measured(NamedTuple):
    """Requests a second, milliseconds within which 50, 99 and 99.9 % were served, and failures."""

    rate: float
    p50: float
    p99: float
    p999: float
    errors: int


def require() -> None:
    """End with a message if there is no load generator."""
    if not shutil.which("wrk"):
        sys.exit(
            "there is no wrk, which generates the load. Install it (apt install wrk, brew install wrk), then try again."
        )


def drive(url: str, request: Request, *, connections: int, seconds: int, script: str) -> Measured:
    """Send the request over and over. script: a file for wrk, which is written here."""
    with open(script, "w") as file:  # noqa: PTH123 - a name
        file.write(_REPORT.format(method=request.method, body=request.body))
    headers = [f"--header={name}: {value}" for name, value in request.headers.items()]
    command = [
        "wrk",
        "--threads=1",
        f"--connections={connections}",
        f"--duration={seconds}s",
        "--timeout=10s",
        f"--script={script}",
    ]
    said = subprocess.run(
        [*command, *headers, f"{url}{request.path}"], capture_output=True, text=True, check=True, timeout=seconds + 60
    )
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", said.stdout)
    if not found:
        sys.exit(f"wrk said nothing that can be read: {said.stdout} {said.stderr}")
    requests, micros, p50, p99, p999, errors = map(int, found.groups())
    return Measured(requests / micros * 1e6, p50 / 1e3, p99 / 1e3, p999 / 1e3, errors)
