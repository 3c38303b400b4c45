# The recipes of this project. `just` lists them; each says what it does.
# On a machine without the toolchain type ./just instead of just.

set positional-arguments

# Development, whatever the terminal says: production is not run by recipes.
export ENVIRONMENT := env("ENVIRONMENT", "development")
# Bytecode halves every start of Python.
export PYTHONDONTWRITEBYTECODE := ""
# An environment that the terminal has active is not ours.
unexport VIRTUAL_ENV
# libpq would send what means our socket to these instead.
unexport PGHOST
unexport PGHOSTADDR
unexport PGSERVICE

# Some wheels need libraries that a Nix system keeps out of the way; Python alone may see them.
libraries := if env("WHEEL_LIBRARIES", "") == "" { "" } else { 'env "LD_LIBRARY_PATH=$WHEEL_LIBRARIES" ' }
# Asks whose the checkout is, brings the packages in line with uv.lock, then runs.
run := "stack/preflight && exec uv run --locked -- " + libraries
stack := run + "python -m stack"
nix := "nix --extra-experimental-features 'nix-command flakes'"

_list:
    @just --list --unsorted

# Start everything; returns when all of it is healthy
[group('stack')]
@up *args:
    {{ stack }} up "$@"

# Stop everything, or one program: down [web|worker|beat|postgres|redis]
[group('stack')]
@down *args:
    {{ stack }} down "$@"

# Restart everything, or one program: restart [web|worker|beat|postgres|redis]
[group('stack')]
@restart *args:
    {{ stack }} restart "$@"

# Show what runs where, and its memory; and goes on: status --watch
[group('stack')]
@status *args:
    {{ stack }} status "$@"

# Follow logs, history first: logs [backend|postgres|redis|worker|beat] [--request ID]
[group('stack')]
@logs *args:
    {{ stack }} logs "$@"

# Start everything, follow the logs, stop everything on Ctrl-C
[group('stack')]
@dev *args:
    {{ stack }} dev "$@"

# Run one program under the debugger, for an editor to attach to: debug web|worker|test [ARGS]
[group('stack')]
@debug *args:
    {{ stack }} debug "$@"

# Apply the migrations
[group('django')]
@migrate *args:
    {{ run }} python manage.py migrate "$@"

# Write migrations for changed models
[group('django')]
@makemigrations *args:
    {{ run }} python manage.py makemigrations "$@"

# Create an administrator
[group('django')]
@createsuperuser *args:
    {{ run }} python manage.py createsuperuser "$@"

# Fill the database with sample accounts: seed [--users N] [--superuser] [--clean]
[group('django')]
@seed *args:
    {{ run }} python manage.py seed "$@"

# Show queues, running tasks, schedules and what failed in the last hour: tasks [--watch]
[group('django')]
@tasks *args:
    {{ run }} python manage.py tasks "$@"

# Open a Python shell with the models imported
[group('django')]
@shell *args:
    {{ run }} python manage.py shell "$@"

# Run any management command
[group('django')]
@manage *args:
    {{ run }} python manage.py "$@"

# Open psql on the database
[group('data')]
@psql *args:
    {{ stack }} psql "$@"

# Open a Redis client, or run one command
[group('data')]
@redis-cli *args:
    {{ stack }} redis-cli "$@"

# Write the database into a file: dump [FILE]
[group('data')]
@dump *args:
    {{ stack }} dump "$@"

# Replace the database by a dump; asks first: restore FILE [--yes]
[group('data')]
@restore *args:
    {{ stack }} restore "$@"

# Replace the database by an empty one, and empty Redis; asks first: reset [--yes]
[group('data')]
@reset *args:
    {{ stack }} reset "$@"

# Run the quick tests; arguments are pytest's
[group('quality')]
@test *args:
    {{ stack }} test "$@"

# Run the quick tests and show what they do not cover
[group('quality')]
@cov *args:
    {{ stack }} test --cov --cov-report=term-missing:skip-covered "$@"

# Run the slow tests, which start processes and whole stacks
[group('quality')]
@test-stack *args:
    {{ stack }} test -n 0 -m stack "$@"

# Send the API what its own schema allows, and what it forbids: fuzz [--examples N]
[group('quality')]
@fuzz *args:
    {{ stack }} with-servers python -m tests.fuzz "$@"

# Run the tests in a real browser, Chromium (BROWSER names another program)
[group('quality')]
@test-browser *args:
    {{ stack }} test -n 0 -m browser "$@"

# Measure what it costs, side by side: bench [tasks|accounts|observability]
[group('quality')]
@bench name="tasks":
    {{ stack }} with-servers python -m "benchmarks.$1"

# Format Python and the justfile
[group('quality')]
fmt:
    @stack/preflight
    uv run --locked -- {{ libraries }} ruff format
    uv run --locked -- {{ libraries }} ruff check --fix-only
    just --fmt

# Check style and syntax: Python, shell, justfile, Nix, JSON, Dockerfile
[group('quality')]
lint:
    @stack/preflight
    uv run --locked -- {{ libraries }} ruff format --check
    uv run --locked -- {{ libraries }} ruff check
    uv run --locked -- {{ libraries }} lint-imports --no-cache
    uv run --locked -- {{ libraries }} shellcheck just stack/preflight .ci/run .envrc
    uv run --locked -- {{ libraries }} hadolint .devcontainer/Dockerfile .devcontainer/base.Dockerfile
    uv run --locked -- {{ libraries }} python -m tests.environment.syntax
    just --fmt --check

# Check types
[group('quality')]
types:
    @stack/preflight
    uv run --locked -- {{ libraries }} mypy

# Write the API's schema, docs/openapi.yml
[group('quality')]
@schema:
    {{ run }} python manage.py spectacular --fail-on-warn --validate --file docs/openapi.yml

# Check everything but the tests: style, types, contracts, migrations, settings, schema
[group('quality')]
check: lint types
    uv run --locked -- {{ libraries }} python manage.py check
    uv run --locked -- {{ libraries }} python -m stack with-servers python manage.py makemigrations --check --dry-run
    uv run --locked -- {{ libraries }} python manage.py spectacular --fail-on-warn --validate | diff --unified docs/openapi.yml -

# Evaluate the flake and build its checks (needs Nix and a network)
[group('quality')]
check-nix:
    {{ nix }} flake check ${NIX_FLAGS:-} --all-systems
    {{ nix }} flake lock --no-update-lock-file

# Run one of the locked tools on the files that a git hook names
[private]
@hook *args:
    {{ run }} "$@"

# Look for anything that is wrong with the stack, and say what to do about it
[group('setup')]
@doctor *args:
    {{ stack }} doctor "$@"

# Install the git hook, which checks what changed; a hook that is there already is left as it is
[group('setup')]
@setup *args:
    {{ stack }} setup "$@"
