from pxcap.plugins.pgsql.oids import ARRAYS, NAMES, type_name


def test_names() -> None:
    assert (type_name(23), type_name(1007), type_name(16384)) == ("int4", "int4[]", "oid 16384")


def test_the_elements_of_arrays_have_names() -> None:
    assert set(ARRAYS.values()) <= set(NAMES)
    assert not set(ARRAYS) & set(NAMES)
