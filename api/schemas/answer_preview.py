"""The shape of a question about answers that nobody is shown."""

from typing import Annotated

import msgspec

from api.schemas.recommendations import MAX_REQUESTS, Ask, Ids


class AnswerPreviewAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Questions, each answered by itself. viewed: products as if they had just been looked at, the last one
    first, besides what is known of whom a question names."""

    requests: Annotated[tuple[Ask, ...], msgspec.Meta(min_length=1, max_length=MAX_REQUESTS)]
    viewed: Ids = ()
