"""A checkout that is a Git repository of its own."""

from tests.harness.checkout import Checkout

# This machine's user may have no name for Git.
GIT = ("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com")


def make(checkout: Checkout, branch: str) -> None:
    """Make a repository of the checkout, with everything committed on a branch."""
    checkout.run(*GIT, "init", "--quiet", f"--initial-branch={branch}")
    commit(checkout, "All")


def commit(checkout: Checkout, message: str) -> None:
    """Commit all that was changed."""
    checkout.run(*GIT, "add", "--all")
    checkout.run(*GIT, "commit", "--quiet", f"--message={message}")
