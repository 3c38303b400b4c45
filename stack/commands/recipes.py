"""The commands behind the recipes. The docstring is the help, the returned number is the exit status."""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from checkout import paths
from stack.commands import debug, dev, doctor, status
from stack.console import say
from stack.errors import StackError
from stack.lifecycle import up_down
from stack.logs import display
from stack.logs.rendering import Form
from stack.processes.signals import Interrupted, signals_ignored
from stack.programs import supervisor, table
from stack.settings import environment


def up(arguments: argparse.Namespace) -> int:
    """Start everything; returns when it is healthy."""
    up_down.up(status.show_overview, yes=arguments.yes)
    return 0


def down(arguments: argparse.Namespace) -> int:
    """Stop everything, or the programs named."""
    up_down.down(arguments.names)
    return 0


def restart(arguments: argparse.Namespace) -> int:
    """Restart everything, or the programs named."""
    up_down.restart(arguments.names, status.show_overview)
    return 0


def rename(arguments: argparse.Namespace) -> int:
    """Give the project its name; shows what changes, and asks first."""
    from stack.project import names
    from stack.project.rename import present, rename

    new = names.chosen(arguments.name, arguments.title, arguments.description, before=present())
    rename(new, repository=arguments.repository, dry_run=arguments.dry_run, yes=arguments.yes)
    return 0


def update_template(arguments: argparse.Namespace) -> int:
    """Merge later changes of the template; exit status 1 if there are conflicts to resolve."""
    from stack.project.update import update

    given = {"repository": arguments.repository, "base": arguments.base, "dry_run": arguments.dry_run}
    return update(arguments.revision, **given)


def image(arguments: argparse.Namespace) -> int:
    """Build the production image with Docker, Podman or Buildah; further options are the builder's own."""
    from stack.project import image as production

    production.build(arguments.tag, builder=arguments.builder, options=arguments.rest)
    return 0


def client(arguments: argparse.Namespace) -> int:
    """Write a typed TypeScript client of the API, from docs/openapi.yml."""
    from stack.project import client

    client.write(arguments.directory.absolute() if arguments.directory else client.DEFAULT)
    return 0


def snapshot(arguments: argparse.Namespace) -> int:
    """Put the database and the queue aside, or delete what was put aside."""
    from stack.commands import snapshots

    if arguments.delete is None:
        snapshots.make(arguments.name)
    elif arguments.name:
        raise StackError("either make a snapshot or delete one. Nothing was done: just snapshot --delete NAME")
    else:
        snapshots.delete(arguments.delete)
    return 0


def show_snapshots(arguments: argparse.Namespace) -> int:
    """List the snapshots."""
    from stack.commands import snapshots

    snapshots.show(as_json=arguments.json)
    return 0


def rewind(arguments: argparse.Namespace) -> int:
    """Bring the database and the queue of a snapshot back; what they are now becomes a snapshot."""
    from stack.commands import snapshots

    snapshots.rewind(arguments.name)
    return 0


def upgrade_postgres(arguments: argparse.Namespace) -> int:
    """Bring the data of an older Postgres into the one that is here; the old cluster is kept."""
    from stack.lifecycle import directories
    from stack.upgrade import upgrade

    with up_down.exclusive_stack("upgrade-postgres"):
        try:
            if arguments.delete_old:
                upgrade.delete_old(yes=arguments.yes)
            else:
                old_bin = arguments.old_bin and arguments.old_bin.absolute()
                upgrade.run(old_bin=old_bin, yes=arguments.yes, dry_run=arguments.dry_run)
        finally:
            directories.remove_empty_runtime()
    return 0


def rehearse(arguments: argparse.Namespace) -> int:
    """Try the pending migrations on a copy of the data, with the older code beside; exit status 0 if all are safe."""
    from stack.rehearsal import rehearse

    tests = arguments.tests or ["apps"]
    return rehearse.run(rehearse.Options(arguments.against, tests, arguments.allowed_wait, arguments.json))


def survive(arguments: argparse.Namespace) -> int:
    """Kill a task before and after all that others can see, on a copy of the data; exit status 0 if it bears that."""
    from stack.survival import survive

    return survive.run(survive.Options(arguments.task, arguments.args, arguments.timeout, arguments.json))


def worktree(arguments: argparse.Namespace) -> int:
    """Make a worktree with a stack and a copy of the database of its own, or remove one."""
    from stack.project import worktrees

    if bool(arguments.branch) == bool(arguments.remove):
        raise StackError("name a branch, or what to remove: just worktree feature/orders | just worktree --remove NAME")
    if arguments.remove:
        worktrees.remove(arguments.remove)
    else:
        worktrees.make(arguments.branch)
    return 0


def show_worktrees(arguments: argparse.Namespace) -> int:
    """List the checkouts of this repository: branch, state, port, size and memory."""
    from stack.project import worktrees

    worktrees.show(as_json=arguments.json)
    return 0


def coverage(arguments: argparse.Namespace) -> int:
    """Run pytest and show what the tests do not cover, of the paths that are named or of all."""
    words = [paths.ROOT / word.partition("::")[0] for word in arguments.rest if not word.startswith("-")]
    named = {_tested_by(path).relative_to(paths.ROOT) for path in words if path.exists()}
    measured = [f"--cov={path}" for path in sorted(named)] or ["--cov"]
    arguments.rest = [*measured, "--cov-report=term-missing:skip-covered", *arguments.rest]
    return test(arguments)


def _tested_by(path: Path) -> Path:
    """Return the directory that tests are about: that of the app, for those in its directory `tests`."""
    directory = path.parent if path.is_file() else path
    return next((parent.parent for parent in (directory, *directory.parents) if parent.name == "tests"), directory)


def show_status(arguments: argparse.Namespace) -> int:
    """Show what runs where; exit status 1 if something is unhealthy."""
    if arguments.watch:
        from stack.commands import status_watch

        status_watch.run(environment.read())
    return 0 if (status.report if arguments.json else status.show)(environment.read()) else 1


def show_logs(arguments: argparse.Namespace) -> int:
    """Print logs and follow them, or print all records of one request."""
    if arguments.request:
        display.show_request(arguments.request, form=_form(arguments))
    else:
        display.show(
            _log_files(arguments.names), follow=not arguments.no_follow, lines=arguments.lines, form=_form(arguments)
        )
    return 0


def _form(arguments: argparse.Namespace) -> Form:
    chosen = {Form.JSON: arguments.json, Form.STORED: arguments.raw, Form.LINE: arguments.short}
    return next((form for form, is_chosen in chosen.items() if is_chosen), Form.PEOPLE)


def _log_files(names: Sequence[str]) -> dict[str, Path]:
    programs = [table.find(name) for name in names] or table.PROGRAMS.values()
    return {program.log_name: program.log_file for program in programs}


def run_dev(_: argparse.Namespace) -> int:
    """Start everything, follow the logs, and stop everything on Ctrl-C."""
    return dev.run()


def prepare(_: argparse.Namespace) -> int:
    """Install the packages, create the database and apply the migrations, so that the first `up` is quick."""
    from stack.lifecycle import migrations, startup

    with up_down.with_servers("prepare"):
        if migrations.pending(environment.read()):
            startup.migrate()
    return 0


def psql(arguments: argparse.Namespace) -> int:
    """Open psql on the database."""
    from stack.commands import clients

    clients.psql(arguments.rest)


def redis_cli(arguments: argparse.Namespace) -> int:
    """Open a Redis client, or run one command."""
    from stack.commands import clients

    clients.redis_cli(arguments.rest)
    return 0


def test(arguments: argparse.Namespace) -> int:
    """Run pytest with Postgres and Redis running; all arguments are pytest's."""
    with up_down.with_servers("test", for_tests=True):
        # Arguments may choose one process: pytest takes the last -n.
        command = [sys.executable, "-m", "pytest", "-n", "auto", "--dist", "worksteal", *arguments.rest]
        return _run(command)


def manage(arguments: argparse.Namespace) -> int:
    """Run a management command that writes into the database. Asks first if the database is external.

    Where no stack runs, Postgres and Redis run meanwhile. Otherwise this process becomes the command.
    """
    words = [word for word in arguments.rest if word != "--yes"]
    settings = environment.read()
    if settings.database_url or settings.redis_url:
        from stack.lifecycle import directories
        from stack.settings import consent

        directories.make_state()
        consent.require_consent(settings, yes="--yes" in arguments.rest)
    command = [sys.executable, "manage.py", *words]
    if supervisor.programs():
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
    with up_down.with_servers(words[0] if words else "manage"):
        return _run(command)


def run_debugger(arguments: argparse.Namespace) -> int:
    """Run web, worker or pytest under the debugger."""
    return debug.run(arguments.rest)


def with_servers(arguments: argparse.Namespace) -> int:
    """Run a command with Postgres and Redis running."""
    with up_down.with_servers(arguments.rest[0], for_tests=True):
        return _run(arguments.rest)


def _run(command: list[str]) -> int:
    with subprocess.Popen(command, cwd=paths.ROOT) as process:
        try:
            return process.wait()
        except Interrupted:
            with signals_ignored():
                _let_end(process)
            raise


def _let_end(process: "subprocess.Popen[bytes]") -> None:
    """Wait for a process that the terminal has interrupted, too. Terminate it if it does not end."""
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.terminate()


def dump(arguments: argparse.Namespace) -> int:
    """Write the database into a file; by default a dated one among the backups."""
    from stack.commands import backup
    from stack.settings.database import application_database

    with up_down.with_servers("dump", synchronise=False):
        path = (arguments.file or backup.dated("app.dump")).absolute()
        backup.dump(application_database(environment.read()), path)
    say(f"the database is in {path}")
    return 0


def restore(arguments: argparse.Namespace) -> int:
    """Replace the database by a dump; asks first, and keeps a dump of what it replaces."""
    from stack.commands import replace

    replace.restore(arguments.file.absolute(), yes=arguments.yes)
    return 0


def reset(arguments: argparse.Namespace) -> int:
    """Replace the database by an empty one, and empty Redis; asks first, and keeps what it replaces."""
    from stack.commands import replace

    replace.reset(yes=arguments.yes)
    return 0


def run_doctor(arguments: argparse.Namespace) -> int:
    """Check everything that the stack needs; exit status 1 if something is wrong."""
    return 0 if doctor.run(as_json=arguments.json) else 1


def setup(_: argparse.Namespace) -> int:
    """Install the git hook, which checks what changed; an existing hook is left as it is."""
    from stack.commands import git_hook

    say(f"the hook is in {git_hook.install()}")
    return 0
