"""Memory and processor time of a program with its descendants."""

import time

import psutil


def memory(pid: int) -> float:
    """Return the memory in megabytes.

    The proportional set size if the kernel reports it, since the processes of Postgres share most of their memory.
    """
    return sum(_share(process) for process in _family(pid)) / 1e6


class Processors:
    """The processor time that programs have used since the previous call."""

    def __init__(self) -> None:
        """Start without a previous call: the first result counts from the start of each process."""
        self._before: dict[int, tuple[float, float]] = {}

    def percent(self, pid: int) -> float:
        """Return the percentage of one processor: 100 is one fully used processor, 200 is two."""
        return sum(self._percent(process) for process in _family(pid))

    def _percent(self, process: psutil.Process) -> float:
        try:
            times, began = process.cpu_times(), process.create_time()
        except psutil.Error:
            return 0.0
        now, used = time.time(), times.user + times.system
        then, used_then = self._before.get(process.pid, (began, 0.0))
        self._before[process.pid] = (now, used)
        return max(0.0, used - used_then) / max(now - then, 0.01) * 100


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _share(process: psutil.Process) -> int:
    try:
        memory = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(memory, "pss", 0) or memory.rss)
