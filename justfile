# The recipes of this project. `just` lists them; each says what it does.
# On a machine without the toolchain type ./just instead of just.

set positional-arguments

# Checks whose checkout this is, then runs a program with the allowed variables (stack/bootstrap/launch.py).
launch := "sh stack/bootstrap/preflight && exec python3 -I -S stack/bootstrap/launch.py"
# The same, after installing the packages of uv.lock.
run := launch + " --sync"
stack := run + " python -m stack"
# Without installing packages, so that inspecting and stopping work when they are broken.
look := launch + " python -m stack"
# The same for programs that people leave by Ctrl-C (stack/bootstrap/foreground.py).
watch := launch + " --foreground python -m stack"
watch_synced := launch + " --sync --foreground python"
nix := "nix --extra-experimental-features 'nix-command flakes'"

# Recipes of this project alone; updates of the template leave that file alone.
import? 'project.just'

_list:
    @just --list --unsorted

# Start everything; returns when it is healthy
[group('stack')]
[no-exit-message]
@up *args:
    {{ stack }} up "$@"

# Stop everything, or one program: down [web|worker|beat|postgres|redis]
[group('stack')]
[no-exit-message]
@down *args:
    {{ look }} down "$@"

# Restart everything, or one program: restart [web|worker|beat|postgres|redis]
[group('stack')]
[no-exit-message]
@restart *args:
    {{ stack }} restart "$@"

# Show what runs where, and its memory; continuously: status --watch
[group('stack')]
[no-exit-message]
@status *args:
    {{ watch }} status "$@"

# Follow logs, history first: logs [backend|postgres|redis|worker|beat] [--request ID]
[group('stack')]
[no-exit-message]
@logs *args:
    {{ watch }} logs "$@"

# Start everything, follow the logs, stop everything on Ctrl-C
[group('stack')]
[no-exit-message]
@dev *args:
    {{ watch_synced }} -m stack dev "$@"

# Run one program under the debugger, for an editor to attach to: debug web|worker|test [ARGS]
[group('stack')]
[no-exit-message]
@debug *args:
    {{ watch_synced }} -m stack debug "$@"

# Apply the migrations
[group('django')]
[no-exit-message]
@migrate *args:
    {{ stack }} manage migrate "$@"

# Try the pending migrations on a copy of the data, with the older code beside them: rehearse [--against REVISION]
[group('django')]
[no-exit-message]
@rehearse *args:
    {{ stack }} rehearse "$@"

# Kill a task wherever others could notice, on a copy of the data, and compare: survive TASK [ARG | NAME=ARG …]
[group('django')]
[no-exit-message]
@survive *args:
    {{ stack }} survive "$@"

# Write migrations for changed models
[group('django')]
[no-exit-message]
@makemigrations *args:
    {{ run }} python manage.py makemigrations "$@"

# Create an administrator
[group('django')]
[no-exit-message]
@createsuperuser *args:
    {{ watch_synced }} manage.py createsuperuser "$@"

# Fill the database with sample accounts: seed [--users N] [--superuser] [--clean]
[group('django')]
[no-exit-message]
@seed *args:
    {{ stack }} manage seed "$@"

# Show queues, running tasks, schedules and what failed in the last hour: tasks [--watch]
[group('django')]
[no-exit-message]
@tasks *args:
    {{ watch_synced }} manage.py tasks "$@"

# Open a Python shell with the models imported
[group('django')]
[no-exit-message]
@shell *args:
    {{ watch_synced }} manage.py shell "$@"

# Run any management command
[group('django')]
[no-exit-message]
@manage *args:
    case "${1:-}" in migrate | seed) exec just "$@" ;; esac
    {{ watch_synced }} manage.py "$@"

# Open psql on the database
[group('data')]
[no-exit-message]
@psql *args:
    {{ watch }} psql "$@"

# Open a Redis client, or run one command
[group('data')]
[no-exit-message]
@redis-cli *args:
    {{ watch }} redis-cli "$@"

# Write the database into a file: dump [FILE]
[group('data')]
[no-exit-message]
@dump *args:
    {{ look }} dump "$@"

# Replace the database by a dump; asks first: restore FILE [--yes]
[group('data')]
[no-exit-message]
@restore *args:
    {{ stack }} restore "$@"

# Put the database and the queue aside, in a second: snapshot [NAME] | snapshot --delete NAME
[group('data')]
[no-exit-message]
@snapshot *args:
    {{ stack }} snapshot "$@"

# List what was put aside, with sizes, branches, and whether it fits this code: snapshots [--json]
[group('data')]
[no-exit-message]
@snapshots *args:
    {{ stack }} snapshots "$@"

# Bring a snapshot back; what it replaces becomes one, too: rewind NAME
[group('data')]
[no-exit-message]
@rewind *args:
    {{ stack }} rewind "$@"

# Replace the database by an empty one and empty Redis; asks first: reset [--yes]
[group('data')]
[no-exit-message]
@reset *args:
    {{ stack }} reset "$@"

# Bring the data of an older Postgres into this one: upgrade-postgres [--old-bin DIR] [--dry-run] [--delete-old]
[group('data')]
[no-exit-message]
@upgrade-postgres *args:
    {{ stack }} upgrade-postgres "$@"

# Run the quick tests; arguments are pytest's
[group('quality')]
[no-exit-message]
@test *args:
    {{ stack }} test "$@"

# Run the quick tests and show what they do not cover
[group('quality')]
[no-exit-message]
@cov *args:
    {{ stack }} cov "$@"

# Run the slow tests, which start processes and whole stacks
[group('quality')]
[no-exit-message]
@test-stack *args:
    {{ run }} python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --durations=40 -m stack "$@"

# Send the API requests that its schema allows and forbids: fuzz [--examples N]
[group('quality')]
[no-exit-message]
@fuzz *args:
    {{ stack }} with-servers python -m tests.fuzz "$@"

# Run the tests in a real browser, Chromium (BROWSER names another program)
[group('quality')]
[no-exit-message]
@test-browser *args:
    {{ stack }} test -n 0 -m browser "$@"

# Test an image that was built: IMAGE=name:tag [IMAGE_RUN="docker run --rm"] test-image
[group('quality')]
[no-exit-message]
@test-image *args:
    {{ run }} python -m pytest -n 0 -m image "$@"

# Measure costs, side by side: bench [api|commands|tasks|accounts|observability|hosts] (bench api --help)
[group('quality')]
[no-exit-message]
@bench name="api" *args:
    if [ "${1:-}" = hosts ]; then {{ watch_synced }} -m "benchmarks.$@"; else {{ stack }} with-servers python -m "benchmarks.$@"; fi

# Format Python and the justfile
[group('quality')]
fmt:
    @{{ run }} ruff format
    @{{ launch }} ruff check --fix-only
    just --fmt

# Check style and syntax: Python, shell, justfile, Nix, JSON, Dockerfile
[group('quality')]
lint:
    @{{ run }} ruff format --check
    @{{ launch }} ruff check
    @{{ launch }} lint-imports --no-cache
    @{{ launch }} shellcheck --norc just stack/bootstrap/preflight .ci/run .envrc deploy/health
    @{{ launch }} hadolint .devcontainer/Dockerfile .devcontainer/base.Dockerfile deploy/Dockerfile
    @{{ launch }} python -m tests.harness.syntax
    just --fmt --check

# Check types
[group('quality')]
types:
    @{{ run }} mypy

# Build the documentation as a site that can be searched, in .state/docs/site
[group('docs')]
@docs:
    {{ launch }} uv run --isolated --locked --only-group docs python docs/site/build.py

# Write a typed TypeScript client of the API: client [DIRECTORY]
[group('docs')]
[no-exit-message]
@client *args:
    {{ stack }} client "$@"

# Write the API's schema, docs/openapi.yml
[group('quality')]
@schema:
    {{ run }} python manage.py spectacular --fail-on-warn --validate --file docs/openapi.yml

# Draw the rooms of the code into docs/architecture.md
[group('quality')]
@architecture:
    {{ run }} python -m tests.harness.architecture

# Check style, types, contracts, migrations, settings and schema; everything but the tests
[group('quality')]
check: lint types
    @{{ launch }} python manage.py check
    @{{ launch }} python -m stack with-servers python manage.py makemigrations --check --dry-run
    @just lint-migrations
    @{{ launch }} python manage.py spectacular --fail-on-warn --validate | diff --unified docs/openapi.yml -
    @just manifests

# Check that no migration would hurt a deployment that is in use (docs/migrations.md)
[group('quality')]
[no-exit-message]
@lint-migrations:
    {{ launch }} python -m stack with-servers python -m tests.harness.migration_gate

# Render and validate deploy/kubernetes and deploy/compose.yaml, without a cluster: manifests [RENDERED_FILE]
[group('quality')]
[no-exit-message]
@manifests *args:
    {{ launch }} env UV_PROJECT_ENVIRONMENT="${STATE_DIR:-.state}/manifests" uv run --quiet --locked --only-group deploy python -m tests.harness.manifests "$@"

# Run everything that CI runs (BROWSER names another browser than Chromium)
[group('quality')]
[no-exit-message]
@ci:
    exec bash .ci/run

# Evaluate the flake and build its checks (needs Nix and a network)
[group('quality')]
check-nix:
    {{ nix }} flake check ${NIX_FLAGS:-} --all-systems
    {{ nix }} flake lock --no-update-lock-file

# Run one of the locked tools on the files that a git hook names
[no-exit-message]
[private]
@hook *args:
    {{ run }} "$@"

# Run Celery on the project: celery inspect active, celery worker -Q mail
[group('django')]
[no-exit-message]
@celery *args:
    {{ watch_synced }} -m celery -A conf "$@"

# Give the project its name: rename acme-billing [--title TEXT] [--dry-run]
[group('project')]
[no-exit-message]
@rename *args:
    {{ stack }} rename "$@"

# Make a checkout of a branch, with its own stack and a copy of the data: worktree BRANCH | worktree --remove NAME
[group('project')]
[no-exit-message]
@worktree *args:
    {{ stack }} worktree "$@"

# List the checkouts of this repository: branch, state, port, size, memory: worktrees [--json]
[group('project')]
[no-exit-message]
@worktrees *args:
    {{ stack }} worktrees "$@"

# Take later changes of the template, merged by Git: update-template [REVISION] [--from URL] [--dry-run]
[group('project')]
[no-exit-message]
@update-template *args:
    {{ stack }} update-template "$@"

# Build the production image (docs/deploy.md): image [TAG] [--builder NAME] [-- OPTIONS]
[group('project')]
[no-exit-message]
@image *args:
    {{ look }} image "$@"

# Make an app in the house's style, with routes, tasks and tests: startapp invoices [--model Invoice] [--minimal]
[group('project')]
[no-exit-message]
@startapp *args:
    {{ run }} python manage.py startapp "$@"

# Update uv.lock to the newest versions that pyproject.toml allows, and run the tests
[group('setup')]
update-deps:
    @{{ launch }} uv lock --upgrade
    just test

# Run uv, the package manager: uv add NAME, uv lock
[group('setup')]
[no-exit-message]
@uv *args:
    {{ launch }} uv "$@"

# Install the packages and create a migrated database, so that the first `up` is quick
[group('setup')]
[no-exit-message]
@prepare *args:
    {{ stack }} prepare "$@"

# Check everything that the stack needs, and say what to do about problems
[group('setup')]
[no-exit-message]
@doctor *args:
    {{ look }} doctor "$@"

# Install the git hook, which checks what changed; an existing hook is not changed
[group('setup')]
@setup *args:
    {{ stack }} setup "$@"
