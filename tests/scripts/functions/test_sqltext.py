"""Statements without their constants."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scripts.functions.conftest import fold

from pxcap.scripts.functions.sqltext import fingerprint, normalize_mysql, normalize_pgsql

PGSQL = {
    "SELECT 1": ("SELECT $1", ["1"]),
    "SELECT * FROM t WHERE a=1234 AND b='abcd'": ("SELECT * FROM t WHERE a=$1 AND b=$2", ["1234", "'abcd'"]),
    "UPDATE t SET age=-10 where name='it''s'": ("UPDATE t SET age=-$1 where name=$2", ["10", "'it''s'"]),
    "INSERT INTO t VALUES (1, 1.5e3, true, E'a\\'b', $$x'y$$, NULL)": (
        "INSERT INTO t VALUES ($1, $2, $3, $4, $5, NULL)",
        ["1", "1.5e3", "true", "E'a\\'b'", "$$x'y$$"],
    ),
    "SELECT t1.a2, \"A 1\", x::varchar(20), cast(y as numeric(10, 2)) FROM t2 LIMIT 10": (
        "SELECT t1.a2, \"A 1\", x::varchar(20), cast(y as numeric(10, 2)) FROM t2 LIMIT $1",
        ["10"],
    ),
    "CREATE TABLE t (name varchar(20), n int DEFAULT 5)": ("CREATE TABLE t (name varchar(20), n int DEFAULT 5)", []),
    "SELECT 1 -- it's 2\n, 3 /* '4 */": ("SELECT $1 -- it's 2\n, $2 /* '4 */", ["1", "3"]),
    "query=[SELECT * FROM t WHERE a=$1 AND b='x' AND c=$2 AND d=$1] params=['p, q', 7]": (
        "SELECT * FROM t WHERE a=$1 AND b=$2 AND c=$3 AND d=$4",
        ["'p, q'", "'x'", "7", "'p, q'"],
    ),
    "SELECT $2": ("SELECT $1", [None]),
    "": ("", []),
}  # fmt: skip
MYSQL = {
    "SELECT * FROM t WHERE a=@a AND b=\"x\\\"y\" AND @@c=1": (
        "SELECT * FROM t WHERE a=@a AND b=? AND @@c=?",
        ['"x\\"y"', "1"],
    ),
    "INSERT INTO `t 1` VALUES (0x1F, X'DE', 'a\\'b', false, _utf8mb4'x') # 'rest": (
        "INSERT INTO `t 1` VALUES (?, ?, ?, ?, ?) # 'rest",
        ["0x1F", "X'DE'", "'a\\'b'", "false", "_utf8mb4'x'"],
    ),
    "query=[SELECT ? FROM t WHERE a=? AND b='x'] params=[1234, zz-1]": (
        "SELECT ? FROM t WHERE a=? AND b=?",
        ["1234", "zz-1", "'x'"],
    ),
    "SELECT ?": ("SELECT ?", [None]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), PGSQL.items())
def test_normalize_pgsql(text: str, expected: tuple[str, list[str]]) -> None:
    query, params = expected
    assert json.loads(normalize_pgsql(text)) == {"query": query, "params": params, "error": ""}


@pytest.mark.parametrize(("text", "expected"), MYSQL.items())
def test_normalize_mysql(text: str, expected: tuple[str, list[str]]) -> None:
    query, params = expected
    assert json.loads(normalize_mysql(text)) == {"query": query, "params": params, "error": ""}


@pytest.mark.parametrize("text", ["SELECT 'open", 'SELECT "open', "SELECT 1, 'a''"])
def test_what_has_no_end_is_an_error(text: str) -> None:
    assert json.loads(normalize_pgsql(text)) == {"query": "", "params": [], "error": "a quote is not closed"}


def test_keys_are_in_pixies_order() -> None:
    assert fold("normalize_pgsql", "SELECT 1", "Query") == '{"query":"SELECT $1","params":["1"],"error":""}'
    assert fold("normalize_mysql", "SELECT 1", 3) == '{"query":"SELECT ?","params":["1"],"error":""}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT  *\n FROM t WHERE a IN (1, 2,3) AND b = 'x' -- hi\n;", "select * from t where a in (?+) and b = ?"),
        ("select * from t where a in ($1,$2)", "select * from t where a in (?+)"),
        ("insert into t(a,b) values (1,'a'),(2, now())", "insert into t (a, b) values (?, ?)"),
        ('select "a b", "col" from "T"', 'select ?, "col" from "t"'),
        ("SELECT /* x */ 1 # y", "select ?"),
        ("/*!40101 SET @@SQL_MODE='' */", "/*!40101 set @@sql_mode=? */"),
        ("", ""),
    ],
)
def test_fingerprint(text: str, expected: str) -> None:
    assert fingerprint(text) == expected
    assert fold("sql_fingerprint", text) == expected


@given(st.text(st.sampled_from("a1'\"`$?@-/*()\\ \n,.xE"), max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for function in (normalize_mysql, normalize_pgsql):
        assert json.loads(function(text)).keys() == {"query", "params", "error"}
    assert isinstance(fingerprint(text), str)


def test_long_texts_are_read_in_one_pass() -> None:
    for text in (
        "(" * 50_000,
        "values " + "(" * 50_000,
        "in (" + "1," * 50_000,
        "'" * 50_001,
        "/*" * 50_000,
        "-" * 50_000,
    ):
        normalize_mysql(text)
        normalize_pgsql(text)
        fingerprint(text)
