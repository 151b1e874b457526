"""Checksums of objects: those that requests announce, and those that answers carry.

The CRC32C of an object is kept if its upload asks for it, and is that of the whole object, also of
one in parts. The headers and the text of the refusal are those of the SDK's documentation
(``put_object`` and ``DownloadManager``). The code of the refusal is a guess, after
that of the MD5.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..contract.refusal import Refusal, invalid
from ..state.objects import ReceivedFile, StoredObject

ALGORITHM = "opc-checksum-algorithm"
CONTENT_CRC32C = "opc-content-crc32c"
CRC32C = "CRC32C"


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse a checksum of a kind that the emulator does not keep, or without its algorithm."""
    if headers.get(ALGORITHM, CRC32C).upper() != CRC32C:
        raise invalid(f"The emulator keeps {CRC32C} alone.")
    if CONTENT_CRC32C in headers and not asks_for_crc32c(headers):
        raise invalid(f"The header {CONTENT_CRC32C} needs the header {ALGORITHM}.")


def compare(file: ReceivedFile, headers: Mapping[str, str]) -> None:
    """Refuse a file with another MD5 or CRC32C than the headers of its request announce."""
    announced = headers.get("content-md5")
    if announced is not None and announced != file.md5:
        raise Refusal(
            400,
            "UnmatchedContentMD5",
            f"The computed MD5 of the request body ({file.md5}) "
            f"does not match the Content-MD5 header ({announced})",
        )
    announced = headers.get(CONTENT_CRC32C)
    if announced is not None and announced != file.crc32c:
        raise Refusal(
            400,
            "UnmatchedContentCRC32C",
            f"The computed CRC32C of the request body ({file.crc32c}) "
            f"does not match the opc-content-crc32c header ({announced})",
        )


def asks_for_crc32c(headers: Mapping[str, str]) -> bool:
    """Tell whether an upload asks for a CRC32C."""
    return headers.get(ALGORITHM, "").upper() == CRC32C


def headers_of_file(file: ReceivedFile, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the checksums of a file that came in, for the answer to its request.

    Args:
        file: The file.
        headers: Those of the request.
    """
    crc32c = {CONTENT_CRC32C: file.crc32c} if asks_for_crc32c(headers) else {}
    return {"opc-content-md5": file.md5, **crc32c}


def headers_of_object(stored: StoredObject) -> dict[str, str]:
    """Return the checksums of a whole object."""
    digest = (
        {"content-md5": stored.md5} if stored.md5 else {"opc-multipart-md5": stored.multipart_md5}
    )
    return {**digest, **({CONTENT_CRC32C: stored.crc32c} if stored.crc32c else {})}
