"""What the address of a picture in an e-mail says: whose picks it shows; sealed, so that nobody can read it.

Deterministic authenticated encryption in the manner of SIV (Rogaway and Shrimpton 2006): a keyed digest of
the text is both its proof and the start of the stream of bits that hides it. The same block gives the same
token.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from features.people.names import PeopleKey

PROOF_BYTES = 16
LONGEST_TOKEN = 2_000  # characters


class MailBlock(msgspec.Struct, array_like=True, frozen=True):
    """Products for one customer. campaign: as of `/v1/picks`; block: the shop's own name of the place or the
    sending; until_s: when it ends, epoch s; slots: how many pictures it has."""

    customer_id: str
    campaign: str
    block: str
    until_s: int
    slots: int = 4


_decode = msgspec.msgpack.Decoder(MailBlock).decode


def seal(key: PeopleKey, block: MailBlock) -> str:
    """The token of a block: letters, digits, `-` and `_`."""
    text = msgspec.msgpack.encode(block)
    proof = _proof(key, text)
    return urlsafe_b64encode(proof + _hidden(key, proof, text)).decode().rstrip("=")


def unseal(key: PeopleKey, token: str) -> MailBlock | None:
    """The block of a token; None where this home did not make it."""
    if not token.isascii() or len(token) > LONGEST_TOKEN:
        return None
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        proof, text = raw[:PROOF_BYTES], _hidden(key, raw[:PROOF_BYTES], raw[PROOF_BYTES:])
        return _decode(text) if hmac.compare_digest(proof, _proof(key, text)) else None
    except (ValueError, msgspec.MsgspecError):
        return None


def _proof(key: PeopleKey, text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=PROOF_BYTES, key=key.secret, person=b"mail proof").digest()


def _hidden(key: PeopleKey, proof: bytes, text: bytes) -> bytes:
    """The text under the stream of bits that belongs to its proof, and the reverse."""
    seed = hashlib.blake2b(proof, key=key.secret, person=b"mail stream").digest()
    stream = hashlib.shake_256(seed).digest(len(text))
    return bytes(one ^ other for one, other in zip(text, stream, strict=True))
