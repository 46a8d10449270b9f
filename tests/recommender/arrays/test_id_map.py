"""Ids and rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recommender.arrays.id_map import IdMap, PackedBytes

ODD = ["", "a/b", 'say "hi"', "🧶", "x" * 500, "85123A", "85123a", "\ud800"[:0] + "z"]


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), unique=True, max_size=60),
    st.text(),
)
def test_every_id_has_its_row_and_no_other_has_one(ids: list[str], stranger: str) -> None:
    known = IdMap.build(ids)
    assert [known.row(name) for name in ids] == list(range(len(ids)))
    assert [known.name(row) for row in range(len(ids))] == ids
    if stranger not in ids:
        assert known.row(stranger) == -1


def test_odd_ids() -> None:
    known = IdMap.build(ODD)
    assert known.rows([*ODD, "nobody"]) == list(range(len(ODD)))
    assert known.row(None) == -1
    assert known.row("\ud800") == -1  # half a character, as a broken client may send


def test_packed_bytes_keep_what_was_packed() -> None:
    values = [b"", b"abc", "é🧶".encode(), b""]
    packed = PackedBytes.pack(values)
    assert [packed[row] for row in range(len(packed))] == values
