"""What an e-mail is for. Without numpy, which the command line must not load before threads are limited."""

from typing import Literal

Campaign = Literal["newsletter", "reorder", "win_back", "post_purchase", "cross_sell", "welcome"]
