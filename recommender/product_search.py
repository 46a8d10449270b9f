"""Products by what somebody types: words of ids and titles, also their beginnings, one letter wrong. Pure.

Corrections are the known words at one edit, the most frequent first (Norvig 2007, "How to Write a Spelling
Corrector").
"""

import re
import unicodedata
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import msgspec

from recommender.model.availability import Availability
from recommender.model.bundle import Tables

SHORTEST_CORRECTED = 4  # letters
NO_WORD = re.compile(r"[\W_]+")
WORD_ENDS = frozenset(" \n")


def words_of(text: str) -> list[str]:
    """Its words, without case and accents."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return NO_WORD.sub(" ", text.casefold()).split()


class ProductSearch:
    """Over the products of one bundle, under the titles that they have now."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._cards: dict[int, bytes] = {}  # those whose titles changed since training
        self._texts = [
            _text(tables, item, tables.titles[item].decode()) for item in range(len(tables.titles))
        ]
        self._join()

    def find(self, query: str, availability: Availability, limit: int) -> list[int]:
        """Items, best first: by their id, then by how well the words fit, then by buyers."""
        words = words_of(query)
        self._take_over(availability)
        fits = self._fits(words)
        if not fits:
            fits = self._fits([*map(self._corrected, words)])
        own, buyers = self._tables.products.row(query.strip()), self._tables.product.buyers
        return sorted(fits, key=lambda item: (item != own, -fits[item], -buyers[item], item))[:limit]

    def _take_over(self, availability: Availability) -> None:
        """Titles that changed since."""
        changed = {
            item: card for item, card in availability.cards.items() if self._cards.get(item) is not card
        }
        for item, card in changed.items():
            title = msgspec.json.decode(b"{%b}" % card).get("title") or ""
            self._texts[item] = _text(self._tables, item, title)
        if changed:
            self._cards |= changed
            self._join()

    def _join(self) -> None:
        """All texts as one, which is searched in a hundredth of the time."""
        self._joined = "".join(self._texts)
        self._ends = [*accumulate(map(len, self._texts))]
        self._known: Counter[str] | None = None  # all words, for corrections

    def _fits(self, words: Sequence[str]) -> dict[int, int]:
        """Item -> how well it fits, of those that have all the words."""
        found = self._containing(max(words, key=len)) if words else ()
        texts = ((item, self._texts[item]) for item in found)
        return {
            item: sum(_fit(word, text) for word in words)
            for item, text in texts
            if all(word in text for word in words)
        }

    def _containing(self, word: str) -> Iterator[int]:
        """The items whose text has it anywhere; no word has the line end between two texts."""
        at = self._joined.find(word)
        while at >= 0:
            item = bisect(self._ends, at)
            yield item
            at = self._joined.find(word, self._ends[item])

    def _corrected(self, word: str) -> str:
        """The most frequent word at one edit, where this one is in no text; else itself."""
        if len(word) < SHORTEST_CORRECTED or word in self._joined:
            return word
        if self._known is None:
            self._known = Counter(self._joined.split())
        letters, known = set(self._joined) - WORD_ENDS, self._known
        return max(filter(known.__contains__, _edits(word, letters)), key=known.__getitem__, default=word)


def _text(tables: Tables, item: int, title: str) -> str:
    """Words between blanks, and the end of the line."""
    return f" {' '.join(words_of(f'{tables.products.name(item)} {title}'))} \n"


def _fit(word: str, text: str) -> int:
    """3 for a whole word, 2 for the beginning of one, 1 for a part."""
    return 3 if f" {word} " in text else 2 if f" {word}" in text else 1


def _edits(word: str, letters: Iterable[str]) -> Iterator[str]:
    """All texts that are one letter more, less, other, or two letters swapped away."""
    for cut in range(len(word) + 1):
        head, tail = word[:cut], word[cut:]
        yield head + tail[1:]
        yield head + tail[1:2] + tail[:1] + tail[2:]
        for letter in letters:
            yield head + letter + tail[1:]
            yield head + letter + tail
