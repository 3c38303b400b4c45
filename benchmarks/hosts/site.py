"""The whole: the network, the servers, two hosts of web, three of workers, two of beat, and clients that never rest."""

import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.hosts import containers, network
from benchmarks.hosts.containers import METRICS_PORT, METRICS_TOKEN, Containers
from benchmarks.hosts.servers import Servers, servers

WEBS = ("web1", "web2")
WORKERS = ("worker1", "worker2", "worker3")
BEATS = ("beat1", "beat2")
APPLICATION = (*WEBS, *WORKERS, *BEATS)
# An operator's schedule: once a second, with a result that is stored.
TICK = "apps.core.tasks.purge_effects"
_SCHEDULE = f"""
from django_celery_beat.models import IntervalSchedule, PeriodicTask
every = IntervalSchedule.objects.create(every=1, period="seconds")
PeriodicTask.objects.create(name="trial", task="{TICK}", interval=every)
"""


class Site:
    """All hosts, and how to ask them. Requests are sent from the host `client`."""

    def __init__(self, directory: Path, running: Servers, of_image: Containers) -> None:
        self.directory = directory
        self.servers = running
        self.containers = of_image
        self.password = ""
        self._asking = ThreadPoolExecutor(8, initializer=network.enter, initargs=("client",))

    def start(self, host: str, **options: Any) -> None:
        """Start the role that the host is named after."""
        self.containers.start(host, host.rstrip("123"), **options)

    def ask(self, url: str, *, token: str = "", timeout: float = 3) -> tuple[int, str]:
        """Return status and text of an answer; status 0 if there is none in time."""
        return self.in_client(_get, url, token, timeout)

    def in_client(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function on the host `client`; programs that it starts run there, too."""
        return self._asking.submit(function, *args).result()

    def is_ready(self, web: str, path: str = "readyz") -> bool:
        return self.ask(f"http://{network.address(web)}:8000/{path}")[0] == 200  # noqa: PLR2004 - HTTP

    def is_serving(self) -> bool:
        return self.ask(f"http://{network.address('proxy')}/readyz")[0] == 200  # noqa: PLR2004 - HTTP

    def sent_by(self, beat: str) -> float:
        """Return how many tasks this beat has sent since it started; -1 if it does not answer."""
        _, text = self.ask(f"http://{network.address(beat)}:{METRICS_PORT}/metrics", token=METRICS_TOKEN)
        found = re.findall(r"^celery_beat_tasks_total\{.*\} (\S+)$", text, re.MULTILINE)
        return sum(map(float, found)) if found else -1.0

    def last_start(self, worker: str) -> float:
        """Return when this worker last started a task, as seconds since the epoch."""
        starts = [record for record in self.containers.records(worker, tail=True) if is_start(record)]
        return datetime.fromisoformat(starts[-1]["timestamp"]).timestamp() if starts else 0.0

    def schedule_a_tick(self) -> None:
        self.containers.run("web1", "manage", "shell", "--verbosity=0", "--command", _SCHEDULE)

    @contextmanager
    def clients(self, name: str) -> Iterator[Path]:
        """Have the clients send requests meanwhile; give the file of what became of each."""
        file = self.directory / f"{name}.requests"
        words = [sys.executable, "-m", "benchmarks.hosts.client", network.address("proxy"), str(file), self.password]
        # Ctrl-C is for this process, which ends them.
        command = network.inside("client", *words)
        process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        try:
            until(lambda: file.exists() and file.stat().st_size > 0, "the clients", seconds=30)
            yield file
        finally:
            process.communicate(timeout=60)
        if process.returncode:
            raise OSError("the clients have failed")


def is_start(record: dict[str, Any]) -> bool:
    return record.get("event") == "task started"


def _get(url: str, token: str, timeout: float) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - hosts of the trial
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except OSError:
        return 0, ""


def until(condition: Callable[[], Any], what: str, *, seconds: float = 60) -> float:
    """Wait, and return how many seconds it took. Raises TimeoutError."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.1)
    return time.monotonic() - began


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def site(image: str, options: str, keep: Path | None) -> Iterator[Site]:
    """Build everything, and remove it at the end, whatever happens. keep: where logs and requests stay."""
    with ExitStack() as stack:
        directory = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hosts-")))
        directory.mkdir(exist_ok=True)
        containers.remove()
        stack.enter_context(network.network())
        say("Postgres, PgBouncer, Redis, HAProxy")
        running = stack.enter_context(servers(directory))
        stack.callback(containers.remove)
        made = Site(directory, running, Containers(image, options, directory))
        say("migrations, accounts, a schedule")
        made.containers.run("web1", "migrate", "--verbosity=0")
        said = made.containers.run("web1", "manage", "seed", "--users", "2000", "--superuser", "--force")
        made.password = re.search(r"password of these \d+: (\S+)", said)[1]  # type: ignore[index] # or it has failed
        made.schedule_a_tick()
        say("web, workers, beats")
        for host in APPLICATION:
            made.start(host)
        until(lambda: all(made.is_ready(web, "healthz") for web in WEBS), "the application")
        until(made.is_serving, "HAProxy")
        yield made


def read_requests(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]
