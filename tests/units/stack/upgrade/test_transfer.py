"""What is changed in what pg_dump has written, before the new server reads it."""

import pytest

from stack.upgrade.transfer import prepared

CREATE = """SET row_security = off;

CREATE DATABASE {name} WITH TEMPLATE = template0 ENCODING = 'LATIN1' LOCALE_PROVIDER = libc LOCALE = 'de_DE';


ALTER DATABASE {name} OWNER TO ada;
"""
FUNCTION = "CREATE DATABASE of_a_function WITH TEMPLATE = x;\n"


@pytest.mark.parametrize(("name", "quoted"), [("app", '"app"'), ('a "b" \\1', '"a ""b"" \\1"')])
def test_a_database_gets_the_locale_of_the_new_cluster(name: str, quoted: str) -> None:
    text = prepared(CREATE.format(name=quoted) + FUNCTION, name)

    assert f"\nCREATE DATABASE {quoted} TEMPLATE template0;\n" in text
    assert "de_DE" not in text
    assert f"ALTER DATABASE {quoted} OWNER TO ada;" in text
    assert text.endswith(FUNCTION)


@pytest.mark.parametrize("name", ["postgres", "template1"])
def test_a_database_that_every_cluster_has_is_not_made_again(name: str) -> None:
    text = prepared(CREATE.format(name=name), name)

    assert "CREATE DATABASE" not in text
    assert f"ALTER DATABASE {name} OWNER TO ada;" in text


@pytest.mark.parametrize(
    ("dumped", "loaded"),
    [
        ("ALTER TABLE ONLY public.t ALTER COLUMN g SET (pg_attver=26493488);", ""),
        (
            "ALTER TABLE ONLY public.t ALTER COLUMN g SET (n_distinct=5, pg_attver=1);",
            "ALTER TABLE ONLY public.t ALTER COLUMN g SET (n_distinct=5);",
        ),
        (
            "ALTER TABLE ONLY public.t ALTER COLUMN g SET (pg_attver=1, n_distinct=5);",
            "ALTER TABLE ONLY public.t ALTER COLUMN g SET (n_distinct=5);",
        ),
        (
            "ALTER TABLE ONLY public.t ALTER COLUMN g SET (n_distinct=5, pg_attver=1, n_distinct_inherited=6);",
            "ALTER TABLE ONLY public.t ALTER COLUMN g SET (n_distinct=5, n_distinct_inherited=6);",
        ),
        (
            "ALTER TABLE ONLY public.t ALTER COLUMN g SET (n_distinct=5);",
            "ALTER TABLE ONLY public.t ALTER COLUMN g SET (n_distinct=5);",
        ),
    ],
)
def test_the_marks_of_newer_servers_are_left_out(dumped: str, loaded: str) -> None:
    before = CREATE.format(name="app")

    assert prepared(f"{before}{dumped}\nSELECT 1;\n", "app") == f"{prepared(before, 'app')}{loaded}\nSELECT 1;\n"
