"""Which products one answer may still show."""

from __future__ import annotations

from collections.abc import Sequence

from recommender.kernels import Flags


class Eligible:
    """mask: (n_items) bool; an item that is hidden is False. before: the same mask, to be so again.

    A mask with a `before` is only lent, and comes back by `give_back`: to copy a flag of each of a million
    products would cost more than the answer.
    """

    __slots__ = ("_before", "_hidden", "mask")

    def __init__(self, mask: Flags, before: Flags | None = None) -> None:
        self.mask, self._before = mask, before
        self._hidden: list[int] = []

    def hide(self, items: Sequence[int]) -> None:
        """These may not be shown."""
        if items:
            self.mask[items] = False
            self._hidden += items

    def give_back(self) -> None:
        """Nothing is hidden any more in a mask that was lent."""
        if self._before is not None and self._hidden:
            self.mask[self._hidden] = self._before[self._hidden]
            self._hidden = []
