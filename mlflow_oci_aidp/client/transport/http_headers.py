"""Headers of answers and requests, read and checked in one step each.

Python's ``http.client`` has a parser of e-mail read the headers of an answer, and looks at each
header of a request three times. Both take longer than the answer itself.
"""

from __future__ import annotations

import email.parser
import re
from http.client import HTTPException, HTTPMessage, LineTooLong
from typing import BinaryIO

#: As ``http.client`` has them.
_LONGEST_LINE = 65_536
_MOST_HEADERS = 100

#: A header without anything unusual. [RFC 9110, section 5]
_ANSWERED = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\xa0-\xff]*)\r?\n")
#: A header to be sent. Python's own rules decide on all others.
_SENT = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [\t\x20-\x7e\xa0-\xff]*")


def read_headers(file: BinaryIO) -> HTTPMessage:
    """Read the headers of an answer, and the empty line behind them.

    Raises:
        LineTooLong: A line is longer than 64 KiB.
        HTTPException: There are more than a hundred headers.
    """
    lines = []
    message = HTTPMessage()
    is_plain = True
    while (line := file.readline(_LONGEST_LINE + 1)) not in (b"\r\n", b"\n", b""):
        if len(line) > _LONGEST_LINE:
            raise LineTooLong("header line")
        lines.append(line)
        if len(lines) > _MOST_HEADERS:
            raise HTTPException("too many headers")
        header = _ANSWERED.fullmatch(line)
        if header:
            message.set_raw(header[1].decode("latin-1"), header[2].decode("latin-1"))
        else:
            is_plain = False
    if is_plain:
        return message
    # Only this parser knows lines that go on, and marks what is no header at all.
    text = b"".join(lines).decode("latin-1")
    return email.parser.Parser(_class=HTTPMessage).parsestr(text)


def plain_line(name: str, value: object) -> bytes | None:
    """Return a header of a request as a line without its end; None for an unusual one."""
    if type(value) is not str:
        return None
    line = f"{name}: {value}"
    return line.encode("latin-1") if _SENT.fullmatch(line) else None
