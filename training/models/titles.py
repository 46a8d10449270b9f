"""Reading product titles: their words, and the noun that says what the thing is."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import takewhile
from math import log1p
from typing import NamedTuple

WORD = re.compile(r"[^\W\d_]+|\d+")
PHRASE_ENDS = {
    "english": "with w in for on by from to of and or without",
    "german": "mit in für auf von aus zu im und oder ohne",
    "french": "avec en pour sur par de du des à et ou sans",
    "spanish": "con en para sobre por de del y o sin",
    "italian": "con in per su di del da e o senza",
    "portuguese": "com em para por de do da e ou sem",
    "dutch": "met in voor op door van uit en of zonder",
    "swedish": "med i för på av från och eller utan",
    "danish": "med i til på af fra og eller uden",
}
CONTAINERS = frozenset(["set", "pack", "box", "pair", "roll", "s"])
HUES = """red blue green pink white black yellow orange purple brown grey gray silver gold golden ivory
    cream turquoise aqua lilac violet beige navy clear multi colour color coloured"""
SIZES = "small medium large mini big giant jumbo assorted asst diameter cm mm ml kg"
MANNERS = "classic vintage antique retro modern new old style design designs tone finish effect"
QUALIFIERS = frozenset(f"{HUES} {SIZES} {MANNERS}".split())
NOUNS_TOO = frozenset(["cream", "orange", "violet"])  # where a comma says that nothing stands behind the noun
VAGUE = frozenset(["set", "pack", "piece", "pc", "lot"])  # says nothing of what is in it
PART_ENDS = re.compile(r"[,;:(|\[–—]|\s-\s")  # what stands behind one says which, not what: "Mug, Blue"
FOREIGN_SHARE = 0.02  # small words of another language that a title holds on average, at least
EARLIER_HEAD = 1.25  # an earlier word is the head where it is this many times as much of one


class Language(NamedTuple):
    """Words that end a noun phrase, and what makes a word's forms one."""

    ends: frozenset[str]
    stem: Callable[[str], str]


@lru_cache(maxsize=100_000)
def singular(word: str) -> str:
    """Teacups -> teacup: enough English to match a title's words, not a dictionary."""
    if len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


ENGLISH = Language(frozenset(PHRASE_ENDS["english"].split()), singular)


def language_of(titles: Sequence[str]) -> Language:
    """The language whose small words the titles hold most of; English where they hold hardly any.

    Others than English are stemmed by Snowball: in English, a plural's ending is enough, and keeps the word.
    """
    times = Counter(word for title in titles for word in WORD.findall(title.lower()))
    ends = {name: frozenset(listed.split()) for name, listed in PHRASE_ENDS.items()}
    name = max(ends, key=lambda each: sum(times[word] for word in ends[each]))
    if name == "english" or sum(times[word] for word in ends[name]) < FOREIGN_SHARE * len(titles):
        return ENGLISH
    import snowballstemmer

    return Language(ends[name], lru_cache(maxsize=100_000)(snowballstemmer.stemmer(name).stemWord))


def words(title: str, language: Language = ENGLISH) -> list[str]:
    """Lower-case words in order, by their stems; numbers are left out."""
    return [
        language.stem(word) for word in WORD.findall(title.lower()) if not word.isdigit() and len(word) > 1
    ]


def first_part(title: str) -> tuple[str, bool]:
    """(the part of a title that names the thing, whether others follow): ("Bath Towel", True) of
    "Bath Towel, Sage"."""
    parts = [part for part in PART_ENDS.split(title) if any(map(_is_word, WORD.findall(part)))]
    return (parts[0] if parts else title), len(parts) > 1


def _is_word(text: str) -> bool:
    return len(text) > 1 and not text.isdigit()


def noun_phrase(title: str, language: Language = ENGLISH) -> list[str]:
    """The words among which the head stands: "SET OF 3 CAKE TINS, RED" -> cake, tin.

    Colours and sizes end it, as they may stand behind the noun; not before a comma, where the noun ends it.
    """
    return _phrases(title, language)[0]


def _phrases(title: str, language: Language) -> tuple[list[str], list[str]]:
    """(the noun phrase, the words behind the colour or size that ends it)."""
    phrase: list[str] = []
    whole: list[str] = []  # what stood before "set of", in case nothing follows: "water bombs, pack of 35"
    part, goes_on = first_part(title)
    raws = WORD.findall(part.lower())
    for place, raw in enumerate(raws):
        word = language.stem(raw)
        if phrase and (raw == "of" or raw.isdigit()) and phrase[-1] in CONTAINERS:
            whole, phrase = phrase[:-1], []  # a set of cups is cups
        elif goes_on and raw in QUALIFIERS - NOUNS_TOO:
            continue
        elif raw in language.ends or raw.isdigit() or (raw in QUALIFIERS and not goes_on):
            if phrase:
                tail = _until_end(raws[place:], language) if raw in QUALIFIERS else []
                return [word for word in phrase if word not in VAGUE] or phrase, tail
        elif len(word) > 1:
            phrase.append(word)
    phrase = phrase or whole
    return [word for word in phrase if word not in VAGUE] or phrase, []


def _until_end(raws: Sequence[str], language: Language) -> list[str]:
    """Words of a noun phrase up to what ends it, without colours and sizes."""
    kept = takewhile(lambda raw: raw not in language.ends and not raw.isdigit(), raws)
    return [language.stem(raw) for raw in kept if raw not in QUALIFIERS and len(raw) > 1]


def heads(
    titles: Sequence[str], split: Mapping[str, tuple[str, str]], language: Language = ENGLISH
) -> list[str]:
    """What each thing is, "" where its title does not say. split: `compounds`; a teacup is a cup.

    English puts the head last ("regency cakestand"), but a catalogue often puts a pattern behind it ("alarm
    clock bakelike"). So the last word stands unless another one is far more of a head in other titles: an
    earlier one, or one behind a colour ("urban black ribbons").
    """
    phrases = [
        tuple(
            [split[word][1] if word in split else word for word in words]
            for words in _phrases(title, language)
        )
        for title in titles
    ]
    present = Counter(word for phrase, _ in phrases for word in set(phrase))
    present.update({word: 0 for _, tail in phrases for word in tail})
    found = [phrase[-1] if phrase else "" for phrase, _ in phrases]
    for _ in range(3):
        times = Counter(found)
        weight = {word: times[word] / max(n, 1) * log1p(times[word]) for word, n in present.items()}
        found = [_head(phrase, tail, weight) for phrase, tail in phrases]
    return found


def _head(phrase: Sequence[str], tail: Sequence[str], weight: Mapping[str, float]) -> str:
    if not phrase:
        return ""
    best = phrase[-1]
    for word in (*reversed(phrase[:-1]), *tail):
        if weight[word] > EARLIER_HEAD * weight[best]:
            best = word
    return best


def compounds(titles: Sequence[str], language: Language = ENGLISH) -> dict[str, tuple[str, str]]:
    """Words made of two others that the shop uses as often by themselves: teacup -> (tea, cup)."""
    times = Counter(word for title in titles for word in set(words(title, language)))
    return {word: parts for word in times if (parts := _parts(word, times))}


def _parts(word: str, times: Counter[str]) -> tuple[str, str] | None:
    for cut in range(3, len(word) - 2):
        parts = word[:cut], word[cut:]
        if min(times[part] for part in parts) >= max(times[word], 2):
            return parts
    return None
