"""Ids and rows."""

from hypothesis import given
from hypothesis import strategies as st

from recommender.arrays.id_map import NO_ROW, IdMap, PackedBytes

ODD = ["", "a/b", 'say "hi"', "🧶", "x" * 500, "85123A", "85123a", "\ud800"[:0] + "z"]


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), unique=True, max_size=60),
    st.text(),
)
def test_every_id_has_its_row_and_no_other_has_one(ids: list[str], stranger: str) -> None:
    id_map = IdMap.build(ids)
    assert [id_map.row(name) for name in ids] == list(range(len(ids)))
    assert [id_map.name(row) for row in range(len(ids))] == ids
    if stranger not in ids:
        assert id_map.row(stranger) == NO_ROW


def test_odd_ids() -> None:
    id_map = IdMap.build(ODD)
    assert id_map.rows([*ODD, "nobody"]) == list(range(len(ODD)))
    assert id_map.row(None) == NO_ROW
    assert id_map.row("\ud800") == NO_ROW  # half a character, as a broken client may send


def test_packed_bytes_keep_what_was_packed() -> None:
    values = [b"", b"abc", "é🧶".encode(), b""]
    packed = PackedBytes.pack(values)
    assert [packed[row] for row in range(len(packed))] == values


def test_rows_get_further_names_and_keep_their_own() -> None:
    ids = IdMap.build(["ann", "bob"])
    ids.also([("4711", "ann"), ("bob", "ann"), ("4712", "nobody")])
    assert [ids.row(name) for name in ("4711", "ann", "bob", "4712")] == [0, 0, 1, NO_ROW]
    assert ids.rows(["4711", "4712", "bob"]) == [0, 1]


def test_ids_are_found_by_their_beginning() -> None:
    names = PackedBytes.pack(name.encode() for name in ("Ann", "anna", "ben", "", "an", "ä"))
    assert names.beginning_with(b"ann").tolist() == [0, 1]
    assert names.beginning_with("ä".encode()).tolist() == [5]
    assert names.beginning_with(b"").tolist() == [0, 1, 2, 3, 4, 5]
