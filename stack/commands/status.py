"""`just status`: what runs where, its memory, and what is unhealthy."""

import json

from checkout import paths, servers
from stack.console import paint, say, table
from stack.lifecycle import startup
from stack.processes import resource_usage
from stack.programs import api_health, start_record, supervisor
from stack.programs.supervisor import ProgramState
from stack.programs.table import APPLICATION
from stack.settings import environment, external_servers, validation
from stack.settings.environment import Environment

# What the supervisor's states of a program mean, and what to do.
_STOPPED = "it is stopped. Start it: just up"
_FAILING = "it ends as soon as it is started. To see why: just logs {}"
_WHY = {"STOPPED": _STOPPED, "EXITED": _STOPPED, "BACKOFF": _FAILING, "FATAL": _FAILING}


def show_overview(settings: Environment) -> None:
    """Print it."""
    say(overview(settings))


def overview(settings: Environment) -> str:
    """Return the table of programs, what is unhealthy, and the addresses to open."""
    rows: list[tuple[str, ...]] = [("PROGRAM", "STATE", "PID", "UP", "MEMORY", "WHERE")]
    rows += [_row(program, settings) for program in supervisor.programs().values()]
    base = f"http://localhost:{servers.web_port()}"
    admin = environment.setting("ADMIN_URL") or "admin/"
    links = {"API": "/", "docs": "/api/docs/", "admin": f"/{admin}", "health": "/healthz"}
    addresses = "\n".join(f"  {name:<7} {base}{path}" for name, path in links.items())
    return "\n\n".join([table(rows), *_warnings(settings), addresses])


def _problems(settings: Environment) -> dict[str, str]:
    """Return what is unhealthy and why, according to the API and, for what does not run, the supervisor."""
    found, problems = supervisor.programs(), api_health.problems()
    ours = [name for name in (*external_servers.managed(settings), *APPLICATION) if name in found]
    for name in ours:
        if found[name].state in _WHY:
            # For a server that does not run, the API only knows the class of its error.
            said = f"{problems[name]}: " if " " in problems.get(name, "") else ""
            problems[name] = said + _WHY[found[name].state].format(name)
    if startup.UNKNOWN_MIGRATIONS in problems.get("migrations", ""):
        problems["migrations"] += startup.way_back(settings)
    return problems


def _warnings(settings: Environment) -> list[str]:
    found = [paint("red", f"  not well: {name}: {why}") for name, why in _problems(settings).items()]
    if found:
        found.append("  To see why: just logs. To heal what can be healed: just up")
    if problem := validation.new_problem():
        found.append(paint("yellow", f"  the programs have not taken the settings. {problem}"))
    if start_record.packages_have_changed():
        found.append(paint("yellow", "  uv.lock has changed since the start. To take it: just restart"))
    return ["\n".join(found)] if found else []


def show(settings: Environment) -> bool:
    """Print what runs; return whether it is healthy."""
    if not supervisor.programs():
        say("nothing runs. Start everything: just up")
        return False
    say(overview(settings))
    return api_health.is_healthy()


def report(settings: Environment) -> bool:
    """Print what runs as one JSON object; return whether it is healthy."""
    found = supervisor.programs()
    running = {name: _facts(program, settings) for name, program in found.items()}
    problems = _problems(settings) if found else {}
    healthy = bool(found) and api_health.is_healthy()
    url = f"http://localhost:{servers.web_port()}" if found else None
    say(json.dumps({"healthy": healthy, "url": url, "programs": running, "problems": problems}, indent=1))
    return healthy


def _facts(program: ProgramState, settings: Environment) -> dict[str, object]:
    """Return a program as values: None where it does not run."""
    memory = round(resource_usage.memory(program.pid), 1) if program.pid else None
    return {
        "state": _state(program, settings),
        "pid": program.pid or None,
        "uptime_seconds": program.uptime if program.pid else None,
        "memory_mb": memory,
        "where": _where(program.name, settings) or None,
    }


def _state(program: ProgramState, settings: Environment) -> str:
    elsewhere = {"postgres": settings.database_url, "redis": settings.redis_url}.get(program.name)
    return "external" if elsewhere else program.state.lower()


def _row(program: ProgramState, settings: Environment) -> tuple[str, ...]:
    pid, memory = (str(program.pid), f"{resource_usage.memory(program.pid):.0f} MB") if program.pid else ("-", "-")
    uptime = f"{program.uptime // 60}m{program.uptime % 60:02d}s" if program.pid else "-"
    return program.name, _state(program, settings), pid, uptime, memory, _where(program.name, settings)


def _where(name: str, settings: Environment) -> str:
    places = {
        "postgres": "DATABASE_URL" if settings.database_url else _socket(str(paths.RUNTIME), settings.postgres_port),
        "redis": "REDIS_URL" if settings.redis_url else _socket(str(paths.REDIS_SOCKET), settings.redis_port),
        "web": f"http://localhost:{servers.web_port()}",
    }
    return places.get(name, "")


def _socket(path: str, port: int) -> str:
    return f"{path} and 127.0.0.1:{port}" if port else path
