"""Names of kinds: a head noun, with the word before it where both together name a kind of their own."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from training.models.titles import WORD, Language, compounds, first_part, heads, language_of

LEAST_PRODUCTS = 3  # of a kind that two words name
LEAST_CONTEXTS = 3  # words before it, or behind it: those of "stoneware mug" differ less than of "cake tin"
LEAST_LIFT = 4.0  # times as often as by chance: "red" goes with everything, "lunch" with bags and boxes


class Place(NamedTuple):
    """Where a title has its noun: the word before it, the noun, and the words around both."""

    modifier: str
    noun: str
    before: str
    behind: str


def kind_names(titles: Sequence[str]) -> tuple[list[str], list[str]]:
    """(names of kinds, head nouns), "" where a title says neither: ("lunch bag", "bag"), ("mug", "mug")."""
    language = language_of(titles)
    split = compounds(titles, language)
    nouns = heads(titles, split, language)
    places = [_place(title, noun, split, language) for title, noun in zip(titles, nouns, strict=True)]
    named = _two_word_kinds(places)
    return [f"{p.modifier} {p.noun}" if p[:2] in named else p.noun for p in places], nouns


def _place(title: str, noun: str, split: dict[str, tuple[str, str]], language: Language) -> Place:
    stems = [language.stem(raw) for raw in WORD.findall(first_part(title)[0].lower()) if len(raw) > 1]
    words = [part for stem in stems if not stem.isdigit() for part in split.get(stem, (stem,))]
    if noun not in words:
        return Place("", noun, "", "")
    at = len(words) - 1 - words[::-1].index(noun)
    before = ["", "", *words][at : at + 2]
    modifier = before[1] if before[1] not in language.ends else ""
    return Place(modifier, noun, before[0], [*words, ""][at + 1])


def _two_word_kinds(places: Sequence[Place]) -> set[tuple[str, str]]:
    """(modifier, noun) of those that are a kind: met in several contexts, and more often than by chance."""
    modifiers = Counter(place.modifier for place in places)
    nouns = Counter(place.noun for place in places)
    before, behind = defaultdict(set), defaultdict(set)
    for place in places:
        before[place[:2]].add(place.before)
        behind[place[:2]].add(place.behind)
    times = Counter(place[:2] for place in places if place.modifier and place.noun)
    return {
        pair
        for pair, n in times.items()
        if n >= LEAST_PRODUCTS
        and max(len(before[pair]), len(behind[pair])) >= LEAST_CONTEXTS
        and n * len(places) >= LEAST_LIFT * modifiers[pair[0]] * nouns[pair[1]]
    }
