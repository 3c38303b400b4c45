"""`just client`: the types know the API, and the client talks to it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from stack.project.client import _npm
from tests.harness.checkout import Checkout

CALLS = """
import { createApi } from "./client.js";
declare const process: { argv: string[]; exit(status: number): void };
let token: string | undefined;
const api = createApi(process.argv[2] ?? "", () => token);
const body = { email: "admin@example.com", password: process.argv[3] ?? "" };
const login = await api.POST("/api/v1/auth/login/", { body });
token = login.data?.token;
const profile = await api.GET("/api/v1/auth/profile/");
const refused = await api.PATCH("/api/v1/auth/profile/", { body: { first_name: "x".repeat(1000) } });
console.log(JSON.stringify({ email: profile.data?.email, error: refused.error?.errors[0]?.code }));
"""
MISTAKES = (
    'await api.GET("/api/v1/nowhere/");',
    'await api.POST("/api/v1/auth/login/", { body: { username: "ada", password: "x" } });',
    'const name: number = (await api.GET("/api/v1/auth/profile/")).data!.email;',
)


@pytest.fixture(scope="module")
def client(stack: Checkout) -> Path:
    """Return a front end: the tools of the client, and the client."""
    front_end = stack.path.parent / "front-end"
    stack.just("client", str(front_end))
    shutil.copytree(stack.state / "client-tools", front_end, dirs_exist_ok=True, symlinks=True)
    return front_end


def tsc(directory: Path, program: str, *options: str) -> "subprocess.CompletedProcess[str]":
    (directory / "calls.ts").write_text(program)
    command = [*_npm(), "exec", "--", "tsc", *options]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_by_the_compiler(client: Path, mistake: str) -> None:
    program = 'import { createApi } from "./client.js";\nconst api = createApi("");\n'
    assert tsc(client, f"{program}export {{}};\n", "--noEmit").returncode == 0
    assert tsc(client, f"{program}{mistake}\n", "--noEmit").returncode != 0


def test_the_client_logs_in_reads_and_sees_errors_of_the_envelope(stack: Checkout, client: Path) -> None:
    said = stack.just("seed", "--users", "1", "--superuser").stdout
    password = next(line.split()[-1] for line in said.splitlines() if "password" in line.lower())
    built = tsc(client, CALLS)
    assert built.returncode == 0, built.stdout
    command = [*_npm()[:-1], _npm()[-1].removesuffix("npm") + "node"]
    done = subprocess.run(
        [*command, "build/calls.js", stack.url, password], cwd=client, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == '{"email":"admin@example.com","error":"max_length"}', done.stderr
