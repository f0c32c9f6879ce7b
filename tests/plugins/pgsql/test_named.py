from pxcap.plugins.pgsql.named import OVERHEAD, Named


def test_the_unnamed_is_replaced_and_never_given_up() -> None:
    named: Named[str] = Named(1, 10)
    named.keep(b"", "first", 1_000_000)
    named.keep(b"", "second", 1_000_000)
    assert (named.get(b""), len(named), named.weight) == ("second", 0, 0)
    assert named.pop(b"") == "second"
    assert named.get(b"") is None


def test_those_not_used_for_long_are_given_up() -> None:
    named: Named[int] = Named(3, 1 << 20)
    for number in range(3):
        named.keep(b"s%d" % number, number, 10)
    assert named.get(b"s0") == 0
    named.keep(b"s3", 3, 10)
    assert [named.get(b"s%d" % number) for number in range(4)] == [0, None, 2, 3]


def test_what_is_kept_weighs_no_more_than_allowed_however_often_it_is_replaced() -> None:
    named: Named[int] = Named(100, 10 * (50 + OVERHEAD))
    for number in range(1000):
        named.keep(b"same", number, 50)
    assert (named.get(b"same"), len(named), named.weight) == (999, 1, 50 + OVERHEAD)
    for number in range(50):
        named.keep(b"p%d" % number, number, 50)
    assert (len(named), named.weight) == (10, 10 * (50 + OVERHEAD))
    assert named.get(b"p49") == 49


def test_one_that_weighs_more_than_all_may_is_kept_alone() -> None:
    named: Named[int] = Named(100, 1000)
    named.keep(b"a", 1, 10)
    named.keep(b"b", 2, 5000)
    assert (named.get(b"a"), named.get(b"b")) == (None, 2)


def test_what_was_closed_is_unknown() -> None:
    named: Named[int] = Named(100, 1000)
    named.keep(b"a", 1, 10)
    assert (named.pop(b"a"), named.pop(b"a"), named.get(b"a"), named.weight) == (1, None, None, 0)
    named.keep(b"a", 1, 10)
    named.keep(b"", 2, 10)
    named.clear()
    assert (named.get(b"a"), named.get(b""), named.weight) == (None, None, 0)
