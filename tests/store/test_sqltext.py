import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxcap.core.errors import UsageError
from pxcap.store.sqltext import calls, escaped_names, first_word, identifiers, numbered, one_statement, tokens

PIECES = st.sampled_from(
    [
        "'",
        '"',
        "--",
        "/*",
        "*/",
        "\n",
        "\r",
        " ",
        ";",
        ":",
        "::",
        ":a",
        "$$",
        "$t$",
        "E'",
        "\\",
        "U&",
        "a",
        "9",
        "(",
        "é",
        ".",
    ]
)


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_tokens_are_the_text(sql: str) -> None:
    assert "".join(text for _, text, _ in tokens(sql)) == sql
    assert all(sql[at : at + len(text)] == text for _, text, at in tokens(sql))


def test_one_statement() -> None:
    assert one_statement("SELECT ';', \";\" /* ; */ -- ;\n ; ; -- end") == "SELECT ';', \";\" /* ; */ -- ;\n "
    assert one_statement("SELECT $$;$$, E'\\';'") == "SELECT $$;$$, E'\\';'"
    with pytest.raises(UsageError, match="begins at character 11"):
        one_statement("SELECT 1; SELECT 2")


CALLS = {
    "SELECT f(1), \"G\" (2), s.h/* x */(3) FROM t": {"f", "G", "h"},
    "SELECT 'f(1)', $$f(1)$$, $a$f($$)$a$, E'\\'f(1)' -- f(1)\n/* f(1) /* g(2) */ f(3) */": set(),
    "SELECT E'a' -- b\n'\\'' || f(1) || '1'": {"f"},
    "SELECT 'a'\n'\\' || f(1)": {"f"},
    "SELECT --\rf(1)": {"f"},
    "SELECT 1f(1)": {"f"},
    "SELECT É(1), \N{NO-BREAK SPACE}f(1)": {"É", "\N{NO-BREAK SPACE}f"},
    "SELECT 'open f(1)": {"f"},
    "SELECT a::f(1), x.\"a\"\"b\"(1)": {"f", 'a"b'},
}  # fmt: skip


@pytest.mark.parametrize(("sql", "found"), CALLS.items())
def test_calls(sql: str, found: set[str]) -> None:
    assert calls(sql) == found


def test_names() -> None:
    assert identifiers("SELECT A.\"Bc\" FROM d -- e\n WHERE 'f' = :g") == {"select", "a", "Bc", "from", "d", "where"}
    assert escaped_names('SELECT U&"x"')
    assert not escaped_names('SELECT \'U&"x"\', "U&x", u & 1')


def test_first_word() -> None:
    assert [first_word(sql) for sql in ("/* x */ Select 1", "(select 1)", "", "'a'")] == ["select", "(", "", "'a'"]


def test_numbered() -> None:
    sql = "SELECT :a, ':a', a::b, x[1:2], :b, :a /* :a */"
    assert numbered(sql, {"a": 1, "b": 2}) == ("SELECT $1, ':a', a::b, x[1:2], $2, $1 /* :a */", [1, 2])
    assert numbered(sql, {}) == (sql, [])
