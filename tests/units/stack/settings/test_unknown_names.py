"""Names in .env: a misspelt one is named with the one that was meant, and nobody else's is in the way."""

from pathlib import Path

import pytest

from stack.settings import unknown_names

EXAMPLE = "ENVIRONMENT=development\n# DEBUG=True\n# SLOW_QUERY_MS=500\n# REDIS_URL=\n# ALLOWED_HOSTS=\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".env.example").write_text(EXAMPLE)
    (tmp_path / "apps/shop").mkdir(parents=True)
    (tmp_path / "apps/shop/settings.py").write_text('SHOP = env.str("ALLOWED_HOST")\n')
    return tmp_path


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SLOW_QUERRY_MS", "SLOW_QUERY_MS"),
        ("SLOWQUERY_MS", "SLOW_QUERY_MS"),
        ("debug", "DEBUG"),
        ("ENVIROMENT", "ENVIRONMENT"),
        ("REDIS_URI", "REDIS_URL"),
    ],
)
def test_a_misspelt_name_is_found_with_the_one_that_was_meant(root: Path, name: str, meant: str) -> None:
    (root / ".env").write_text(f"{name}=1\n")

    assert unknown_names.found(root) == {name: meant}


def test_a_name_that_is_like_none_may_be_a_library_s(root: Path) -> None:
    (root / ".env").write_text("AWS_REGION=eu\nSENTRY_ENVIRONMENT=staging\n")

    assert unknown_names.found(root) == {"AWS_REGION": "", "SENTRY_ENVIRONMENT": ""}


def test_a_name_that_the_code_reads_is_known_though_it_is_like_another_one(root: Path) -> None:
    (root / ".env").write_text("ALLOWED_HOST=shop.example.com\nDEBUG=True\n")

    assert unknown_names.found(root) == {}
