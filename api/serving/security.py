"""Which key opens a route, as a dependency: it checks the key, and the documentation shows it."""

from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.security import APIKeyQuery, HTTPAuthorizationCredentials, HTTPBearer

from api.serving.service import Service
from features.merchant.api_keys import Scope

PUBLIC: Final = HTTPBearer(
    bearerFormat="pk_...",
    scheme_name="publicKey",
    description="`Authorization: Bearer pk_...`, for pages: recommendations, events, sets of products.",
    auto_error=False,
)
SECRET: Final = HTTPBearer(
    bearerFormat="sk_...",
    scheme_name="secretKey",
    description="`Authorization: Bearer sk_...`, for servers and never for a browser: opens everything.",
    auto_error=False,
)
IN_ADDRESS: Final = APIKeyQuery(
    name="key",
    scheme_name="publicKeyInAddress",
    description="`?key=pk_...`, for `navigator.sendBeacon`, which cannot send headers. Secret keys: never.",
    auto_error=False,
)
# What `any_key` shows, for routes without dependencies.
ANY_KEY: Final[list[dict[str, list[str]]]] = [
    {"publicKey": []},
    {"secretKey": []},
    {"publicKeyInAddress": []},
]

_Bearer = HTTPAuthorizationCredentials | None


async def any_key(
    request: Request,
    _public: Annotated[_Bearer, Depends(PUBLIC)],
    _secret: Annotated[_Bearer, Depends(SECRET)],
    _in_address: Annotated[str | None, Depends(IN_ADDRESS)],
) -> Scope:
    """The scope of the key. Raises Problem 401."""
    service: Service = request.app.state.service
    return service.access.scope_of(request)


async def secret_key(request: Request, _secret: Annotated[_Bearer, Depends(SECRET)]) -> Service:
    """The service, for those with a secret key. Raises Problem 401 or 403."""
    service: Service = request.app.state.service
    service.access.require_secret(request)
    return service


async def caller_name(request: Request) -> str | None:
    """Who calls, as `Access.name_of` knows them."""
    service: Service = request.app.state.service
    return service.access.name_of(request)


CallerName = Annotated[str | None, Depends(caller_name)]
KeyScope = Annotated[Scope, Depends(any_key)]
SecretService = Annotated[Service, Depends(secret_key)]
