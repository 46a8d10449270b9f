from hypothesis import given, settings
from hypothesis import strategies as st

from features.live.log_entry import KINDS, RECORD, UNREADABLE_ENTRY, LogEntry, id_hash, pack, unpack

IDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=512)
LINES = st.lists(st.tuples(IDS, st.floats(allow_nan=False)), max_size=5)
MOMENTS = st.integers(-(1 << 62), 1 << 62)


@settings(deadline=None)
@given(MOMENTS, MOMENTS, st.sampled_from(KINDS), LINES, st.integers(0, (1 << 32) - 1), st.none() | IDS)
def test_what_is_packed_is_read(
    at_ms: int, received_ms: int, kind: str, lines: list[tuple[str, float]], mark: int, order_id: str | None
) -> None:
    products, quantities = tuple(line[0] for line in lines), tuple(line[1] for line in lines)
    entry = LogEntry(at_ms, kind, products, quantities, received_ms, mark, order_id)
    assert unpack(pack(entry)) == entry
    assert len(pack(entry)) % RECORD.size == 0


def readable(packed: bytes) -> bool:
    try:
        unpack(packed)
    except UNREADABLE_ENTRY:
        return False
    return True


def test_what_is_cut_off_is_unreadable() -> None:
    packed = pack(LogEntry(1, "view", ("p" * 60,), (1.0,), 1, 7))
    assert len(packed) == 3 * RECORD.size
    assert readable(packed)
    assert [cut for cut in range(len(packed)) if readable(packed[:cut])] == []


def test_a_hash_is_the_same_in_every_process() -> None:
    assert id_hash("p-1") == 7944182258543056510
