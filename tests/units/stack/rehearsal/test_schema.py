"""Two dumps of one schema are the same, and of two schemas differ."""

from stack.rehearsal.schema import difference, normalised

DUMP = r"""--
-- PostgreSQL database dump
--

\restrict abcDEF

SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);

--
-- Name: users; Type: TABLE
--

CREATE TABLE public.users (
    id bigint NOT NULL,
    name character varying(50),
    email character varying(254)
);


CREATE INDEX by_name ON public.users USING btree (name);

\unrestrict abcDEF
"""


def test_what_differs_from_run_to_run_makes_no_difference() -> None:
    assert difference(normalised(DUMP), normalised(DUMP.replace("abcDEF", "xyz"))) == ""


def test_a_column_that_came_back_as_the_last_one_makes_none_either() -> None:
    moved = DUMP.replace("    name character varying(50),\n", "").replace(
        "(254)\n", "(254),\n    name character varying(50)\n"
    )
    assert moved != DUMP
    assert difference(normalised(DUMP), normalised(moved)) == ""


def test_what_is_different_is_shown() -> None:
    changed = DUMP.replace("varying(50)", "varying(60)").replace(
        "CREATE INDEX by_name ON public.users USING btree (name);", ""
    )
    assert difference(normalised(DUMP), normalised(changed)).splitlines() == [
        "-    name character varying(50)",
        "+    name character varying(60)",
        "-",
        "-CREATE INDEX by_name ON public.users USING btree (name);",
    ]


def test_a_long_difference_is_cut() -> None:
    before, after = "\n".join(map(str, range(20))), ""
    assert difference(before, after, lines=3).splitlines()[3] == "… and 17 more"
