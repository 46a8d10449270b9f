"""What differs between the answers as they stand and as a change would have them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from recommender.recommend import Recommender
from training.replay.questions import ShownAnswer


class AnsweredTwice(NamedTuple):
    """A question with its answer as things stand and with the change: product ids, best first."""

    question: ShownAnswer
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def changed(self) -> bool:
        return self.before != self.after


class PlacementChange(msgspec.Struct, frozen=True):
    """answers: asked again; changed: the share of them in which anything differs; replaced: the mean share of
    products that give way to others; as_shown: the share in which the answer as things stand is what was
    shown then, which live stock, prices and a newer model lower."""

    placement: str
    answers: int
    changed: float
    replaced: float
    as_shown: float


class ProductChange(msgspec.Struct, frozen=True):
    """How many answers hold a product."""

    product_id: str
    before: int
    after: int


class Example(msgspec.Struct, frozen=True):
    """One answer that differs."""

    placement: str
    shopper: str | None
    at: datetime
    about: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]


def answered_twice(
    questions: Iterable[ShownAnswer], before: Recommender, after: Recommender
) -> Iterator[AnsweredTwice]:
    """Each question's answers, as many products as were shown then."""
    for question in questions:
        yield AnsweredTwice(question, _ask(before, question), _ask(after, question))


def _ask(recommender: Recommender, question: ShownAnswer) -> tuple[str, ...]:
    picks = recommender.recommend(question.request, len(question.product_ids), question.visitor)
    shown = recommender.availability.show(recommender.bundle.tables, [pick.item for pick in picks])
    return tuple(product_id for product_id, _ in shown)


def placement_changes(answers: Iterable[AnsweredTwice]) -> list[PlacementChange]:
    """A row a placement, by name."""
    of_placement = defaultdict[str, list[AnsweredTwice]](list)
    for answer in answers:
        of_placement[answer.question.request.placement].append(answer)
    return [_placement_change(name, each) for name, each in sorted(of_placement.items())]


def _placement_change(placement: str, answers: list[AnsweredTwice]) -> PlacementChange:
    replaced = [len(set(each.after) - set(each.before)) / max(len(each.after), 1) for each in answers]
    return PlacementChange(
        placement,
        len(answers),
        sum(each.changed for each in answers) / len(answers),
        sum(replaced) / len(answers),
        sum(each.before == each.question.product_ids for each in answers) / len(answers),
    )


def product_changes(answers: Iterable[AnsweredTwice]) -> list[ProductChange]:
    """Products that are in more or fewer answers, the largest difference first."""
    before, after = Counter[str](), Counter[str]()
    for answer in answers:
        before.update(answer.before)
        after.update(answer.after)
    changes = [ProductChange(name, before[name], after[name]) for name in before | after]
    moved = [each for each in changes if each.before != each.after]
    return sorted(moved, key=lambda each: (-abs(each.after - each.before), each.product_id))


def examples(answers: Iterable[AnsweredTwice], at_most: int) -> list[Example]:
    """The newest answers that differ, of as many shoppers as there are."""
    newest: dict[str | None, AnsweredTwice] = {}
    for answer in answers:
        if answer.changed:
            newest.pop(answer.question.visitor, None)
            newest[answer.question.visitor] = answer
    return [_example(answer) for answer in list(newest.values())[: -at_most - 1 : -1]]


def _example(answer: AnsweredTwice) -> Example:
    request, visitor = answer.question.request, answer.question.visitor
    about = (*([request.product_id] if request.product_id else []), *request.cart)
    at = datetime.fromtimestamp(request.now, UTC)
    return Example(request.placement, visitor, at, about, answer.before, answer.after)
