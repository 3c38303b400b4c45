"""What logs and metrics cost: an authenticated read with all of it on, against the same read with all of it off.

    just bench observability

The whole of Django answers in one process, with the real Postgres and Redis; lines go to stdout, which is
a file here, as in production, and counts into the files of several processes. Both sides take turns in short
blocks, each of them first as often as the other, so that a machine that is busy is busy for both.
"""

import argparse
import logging
import logging.config
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

PER_BLOCK = 20
OURS = ("apps.core.middleware.RequestIDMiddleware", "apps.core.middleware.AccessLogMiddleware")
Side = Callable[[], None]
Times = tuple[float, float]


@contextmanager
def test_database() -> Iterator[None]:
    from django.db import connection  # noqa: PLC0415 - Django must have been set up

    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def block(read: Side) -> tuple[float, float]:
    """Return microseconds for one read: of the clock, and of the processor in this process."""
    started, used = perf_counter(), process_time()
    for _ in range(PER_BLOCK):
        read()
    return (perf_counter() - started) / PER_BLOCK * 1e6, (process_time() - used) / PER_BLOCK * 1e6


def sides() -> tuple[Side, Side]:
    """Return a read with logs and metrics, and one without."""
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client, override_settings  # noqa: PLC0415
    from knox.models import get_token_model  # noqa: PLC0415

    from apps.core.observability.metrics import requests  # noqa: F401, PLC0415 - counts from now on
    from apps.users.models import CustomUser  # noqa: PLC0415

    user = CustomUser.objects.create_user("ada@example.com", None)
    headers = {"authorization": f"Bearer {get_token_model().objects.create(user=user)[1]}"}

    def read(client: Client) -> None:
        # Not through the test client's own handler alone: its middleware is loaded with the settings of this side.
        assert client.get("/api/v1/auth/profile/", headers=headers).status_code == 200  # noqa: PLR2004, S101

    on, off = Client(), Client()
    read(on)
    without = [name for name in settings.MIDDLEWARE if name not in OURS]
    with override_settings(MIDDLEWARE=without):
        read(off)
    return partial(read, on), partial(read, off)


def measure(blocks: int) -> list[tuple[Times, Times]]:
    on, off = sides()
    for warm in (on, off):
        block(warm)
    pairs = []
    for number in range(blocks):
        order = (on, off) if number % 2 else (off, on)
        times = {side: block(side) for side in order}
        pairs.append((times[on], times[off]))
    return pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=200)
    blocks = parser.parse_args().blocks
    with tempfile.TemporaryDirectory() as directory:
        os.environ |= {"ENVIRONMENT": "test", "METRICS_TOKEN": "any"}
        os.environ |= {"PROMETHEUS_MULTIPROC_DIR": directory, "THROTTLE_RATES": "user=1000000/s"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "conf.settings"
        import django  # noqa: PLC0415 - the variables above are read at import

        django.setup()
        from conf.logs.configuration import logging_config  # noqa: PLC0415

        with test_database(), open(Path(directory) / "log", "wb") as log:  # noqa: PTH123
            terminal = os.dup(1)
            os.dup2(log.fileno(), 1)
            logging.config.dictConfig(logging_config(directory=None))
            pairs = measure(blocks)
            os.dup2(terminal, 1)
            report(pairs)


def report(pairs: list[tuple[Times, Times]]) -> None:
    print(f"an authenticated read, {len(pairs)} blocks of {PER_BLOCK} on each side; medians, and of their differences")
    print("                            off        on      cost")
    for number, name in enumerate(("clock", "processor")):
        on, off = ([side[number] for side in sides] for sides in zip(*pairs, strict=True))
        cost = median(one - other for one, other in zip(on, off, strict=True))
        print(f"  {name:<12} {median(off):12.0f} µs {median(on):6.0f} µs {cost:6.0f} µs  {cost / median(off):.1%}")


if __name__ == "__main__":
    sys.exit(main())
