"""Checksums of objects and of their parts.

An object that this package puts has a CRC32C of the whole, also in parts; so has an object of
others whose upload asked for it. [``oci.object_storage``: ``put_object``, ``DownloadManager``] A
CRC32C takes a tenth of the time of an MD5, and those of ranges can be combined.

Every other object has an MD5; one in parts has an MD5 over those of its parts.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from crc32c import crc32c

#: The name of the algorithm in requests.
CRC32C = "CRC32C"

#: The header of the CRC32C of an object or of a part.
CRC32C_HEADER = "opc-content-crc32c"

#: The polynomial of CRC32C without its highest term, and 1 and x, all with the lowest power first.
#: [RFC 3720, appendix B.4]
_POLYNOMIAL = 0x82F63B78
_ONE = 1 << 31
_X = 1 << 30


class Crc32c:
    """The CRC32C of bytes that come one after the other.

    Attributes:
        value: The CRC32C so far.
        length: The number of bytes so far.
    """

    def __init__(self, value: int = 0, length: int = 0) -> None:
        self.value = value
        self.length = length

    def update(self, data: bytes) -> None:
        """Add bytes."""
        self.value = crc32c(data, self.value)
        self.length += len(data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Crc32c) and (self.value, self.length) == (
            other.value,
            other.length,
        )

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        """Return the CRC32C as headers carry it."""
        return base64.b64encode(self.value.to_bytes(4, "big")).decode("ascii")

    @classmethod
    def of_parts(cls, parts: Iterable[Crc32c]) -> Crc32c:
        """Return the CRC32C of bytes whose parts, in their order, have these."""
        whole = cls()
        for part in parts:
            # A CRC is what remains of the bytes as a polynomial. Those before the part are as many
            # powers of x higher as the part has bits.
            higher = _times(_power(8 * part.length), whole.value)
            whole = cls(higher ^ part.value, whole.length + part.length)
        return whole


def _times(one: int, other: int) -> int:
    """Multiply two polynomials over GF(2), modulo that of CRC32C."""
    product = 0
    for bit in range(31, -1, -1):
        if one >> bit & 1:
            product ^= other
        other = other >> 1 ^ (_POLYNOMIAL if other & 1 else 0)
    return product


@lru_cache(64)
def _power(exponent: int) -> int:
    """Return a power of x, modulo the polynomial of CRC32C."""
    power, square = _ONE, _X
    while exponent:
        if exponent & 1:
            power = _times(power, square)
        square = _times(square, square)
        exponent >>= 1
    return power


def md5(data: bytes = b"") -> Any:
    """Return an MD5, which Object Storage compares; it protects against accidents alone."""
    return hashlib.md5(data, usedforsecurity=False)


def in_base64(digest: Any) -> str:
    """Return a digest as headers carry it."""
    return base64.b64encode(digest.digest()).decode("ascii")


def md5_of_file(path: str, chunk: int) -> str:
    """Return the MD5 of a file in base64, read in pieces of ``chunk`` bytes."""
    digest = md5()
    with open(path, "rb") as file:
        while piece := file.read(chunk):
            digest.update(piece)
    return in_base64(digest)


def multipart_md5(digests: list[bytes]) -> str:
    """Return the checksum of an object in parts: the MD5 of the MD5s of its parts."""
    return f"{in_base64(md5(b''.join(digests)))}-{len(digests)}"


def checksums_agree(expected: str, actual: str) -> bool:
    """Whether two checksums are the same. The number of parts may be missing from one."""
    return expected.partition("-")[0] == actual.partition("-")[0]
