"""`/v1/feeds/...`: files that ad platforms and mailing tools fetch by their address."""

import asyncio
import time
import zlib
from base64 import b64decode
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import StreamingResponse

from api.serving.audience_file import audience_lines
from api.serving.feeds import CatalogueFeed, feed_pages
from api.serving.service import Service
from api.web.access import header
from api.web.problems import Problem
from features.connections.arrivals import note, passed
from features.connections.feed_tokens import SERVICE, opens
from features.store.connection import StoreUnavailable
from features.time_units import DAY_S
from recommender.customers.journey import Stage
