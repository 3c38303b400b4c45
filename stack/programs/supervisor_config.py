"""supervisord's configuration, rendered from the table of programs.

supervisord runs in the state directory. What differs between checkouts is in environment variables, so no path needs
escaping here.
"""

from stack.programs.table import PROGRAMS, Program

_HEAD = """\
; Written by `just up` from stack/programs/table.py.
[supervisord]
nodaemon=true
silent=true
logfile=log/supervisord.log
pidfile=supervisord.pid
childlogdir=log
umask=077

[unix_http_server]
file=%(ENV_STACK_RUNTIME)s/supervisor.sock
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""


def render() -> str:
    """Return the whole configuration."""
    return "\n".join([_HEAD, *map(_section, PROGRAMS.values())])


def _section(program: Program) -> str:
    options = {
        "command": f"""sh -c 'cd "$STACK_ROOT" && exec "$STACK_PYTHON" -m stack.programs.start {program.name}'""",
        # `up` starts each by name: which ones are wanted depends on .env.
        "autostart": "false",
        "autorestart": "true",
        "startsecs": "1",
        # Servers stop last.
        "priority": "10" if program.data else "20",
        "stopsignal": program.stop_signal.name.removeprefix("SIG"),
        "stopwaitsecs": str(program.stop_seconds),
        # Only the kill goes to the children: stopasgroup would end the task that a worker is running.
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": f"log/{program.log_file.name}",
        "stdout_logfile_maxbytes": f"{program.log_megabytes}MB",
        "stdout_logfile_backups": "1",
    }
    return f"[program:{program.name}]\n" + "".join(f"{name}={value}\n" for name, value in options.items())
