"""The headers of an answer are those that Python's own parser reads."""

from __future__ import annotations

import contextlib
import io
from http.client import HTTPException, LineTooLong, parse_headers

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlflow_oci_aidp.client.transport.http_headers import plain_line, read_headers

NAME = st.text("abcXYZ-_0.", min_size=1, max_size=8)
VALUE = st.text(st.characters(max_codepoint=255), max_size=12)
LINES = st.lists(
    st.one_of(
        st.tuples(NAME, st.sampled_from([":", ": ", ":\t ", " :", ""]), VALUE).map("".join),
        st.sampled_from([" goes on", "\tgoes on", "no header", ": no name", "a: \rb: 2", "é: x"]),
    ),
    max_size=6,
)


def block(lines: list[str], end: bytes = b"\r\n") -> bytes:
    wire = [line.encode("latin-1") for line in lines]
    return b"".join(line + end for line in wire if line.strip(b"\r\n")) + end + b"the body"


@given(LINES, st.sampled_from([b"\r\n", b"\n"]))
@example(["content-length: 5", "content-length: 6"], b"\r\n")
@example(["a: 1", "no header", "content-length: 6"], b"\r\n")
@example(["a: one\x0btwo", "content-length: 6"], b"\r\n")
@example(["a: \x85content-length: 1", "content-length: 6"], b"\r\n")
@example(["a: trailing \t "], b"\r\n")
def test_headers_are_read_as_python_reads_them(lines: list[str], end: bytes) -> None:
    ours, theirs = io.BytesIO(block(lines, end)), io.BytesIO(block(lines, end))
    message = read_headers(ours)
    expected = parse_headers(theirs)
    assert list(message.raw_items()) == list(expected.raw_items())
    assert bool(message.defects) == bool(expected.defects)
    assert message.get("content-length") == expected.get("content-length")
    assert ours.read() == theirs.read()


@pytest.mark.parametrize(
    ("wire", "kind"),
    [
        (b"a: " + b"x" * 70_000 + b"\r\n\r\n", LineTooLong),
        (b"a: b\r\n" * 101 + b"\r\n", HTTPException),
    ],
)
def test_headers_have_the_bounds_of_python(wire: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        parse_headers(io.BytesIO(wire))
    with pytest.raises(kind):
        read_headers(io.BytesIO(wire))
    read_headers(io.BytesIO(b"a: b\r\n" * 100 + b"\r\n"))


def python_allows(name: str, value: str) -> bool:
    from http.client import HTTPConnection

    connection = HTTPConnection("localhost")
    connection.putrequest("GET", "/", skip_host=True, skip_accept_encoding=True)
    with contextlib.suppress(ValueError, UnicodeError):
        connection.putheader(name, value)
        return True
    return False


@given(st.text(max_size=6), st.text(max_size=6))
@example("a", "b\r\nc: d")
@example("a: b\r\nc", "d")
@example("a", "b\n")
def test_a_line_is_never_written_that_python_would_not_write(name: str, value: str) -> None:
    line = plain_line(name, value)
    if line is not None:
        assert python_allows(name, value)
        assert line == f"{name}: {value}".encode("latin-1")
        assert not {b"\n", b"\r"} & {bytes([byte]) for byte in line}


@pytest.mark.parametrize("value", [b"bytes", 5, None])
def test_what_is_no_text_is_left_to_python(value: object) -> None:
    assert plain_line("a", value) is None
