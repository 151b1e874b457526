"""Parts of objects: their sizes, and what headers say of an object.

Sources: https://docs.oracle.com/iaas/Content/Object/Tasks/usingmultipartuploads.htm (parts and
their number) and Object Storage's API reference (headers). That the number of parts stands behind
the MD5 of MD5s is what users of ``oci`` see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlflow_oci_aidp.artifacts.object_storage.checksums import CRC32C_HEADER

MEBIBYTE = 1024 * 1024

#: The longest object, in bytes, and the most parts of one. [usingmultipartuploads.htm]
LONGEST_OBJECT = 10 * 1024 * 1024 * MEBIBYTE
MOST_PARTS = 10_000

#: The key of an object's metadata under which this package writes the size of its parts.
PART_SIZE_KEY = "mlflow-part-size"


@dataclass(frozen=True)
class TransferOptions:
    """How files are cut into parts.

    Attributes:
        part_size: Bytes of a part, in both directions. A longer file goes in several parts.
        max_parts: The most parts of one object. [usingmultipartuploads.htm]
        parallel: The parts of one file that are under way at a time.
        attempts: How often an object in parts is downloaded whose checksum, which is known at the
            end only, is wrong.
        chunk: Bytes of a part that are in memory at a time.
    """

    part_size: int = 64 * MEBIBYTE
    max_parts: int = MOST_PARTS
    parallel: int = 4
    attempts: int = 2
    chunk: int = MEBIBYTE


@dataclass(frozen=True)
class ObjectHeaders:
    """The headers of an object, as far as a download needs them.

    Attributes:
        size: The length of the object in bytes.
        etag: The entity tag, which names one version of the object; ``""`` without one.
        md5: The MD5 of the object in base64; ``""`` without one.
        multipart_md5: The MD5 over those of its parts; ``""`` without one.
        part_size: The size of its parts in bytes; 0 if it is not known.
        crc32c: The CRC32C of the object in base64; ``""`` without one.
    """

    size: int
    etag: str
    md5: str
    multipart_md5: str
    part_size: int
    crc32c: str = ""

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> ObjectHeaders:
        """Read the headers of the answer to a request for a whole object.

        Raises:
            KeyError: The length is missing.
            ValueError: The length is none that an object can have.
        """
        names = {key.lower(): value for key, value in headers.items()}
        size = _whole_number(names["content-length"])
        if size is None or size > LONGEST_OBJECT:
            raise ValueError("content-length")
        multipart_md5 = names.get("opc-multipart-md5", "")
        part_size = _whole_number(names.get(f"opc-meta-{PART_SIZE_KEY}", "")) or 0
        count = _whole_number(multipart_md5.partition("-")[2]) or 0
        if not part_size or count > MOST_PARTS or -(-size // part_size) != count:
            part_size = 0
        return cls(
            size,
            names.get("etag", ""),
            names.get("content-md5", ""),
            multipart_md5,
            part_size,
            names.get(CRC32C_HEADER, ""),
        )


def _whole_number(text: str) -> int | None:
    """Return the number that a header holds, or None if it is none that a service would send."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None
