"""Values that no client should send, and requests that carry them, byte for byte."""

from __future__ import annotations

import base64
import http.client
import json
import socket
from urllib.parse import urlsplit

import requests
from hypothesis import strategies as st

from mlflow_oci_aidp.emulator.contract import MODELS

from .conftest import signer_of

#: Python's parsers recurse for each level.
DEEP = "[" * 50_000 + "]" * 50_000
DIGITS = "9" * 5_000


def token(text):
    """A page token as MLflow makes them, with another content."""
    return base64.b64encode(text.encode()).decode()


TOKENS = tuple(
    token(text)
    for text in (
        "{}",
        "[]",
        '{"offset": "a"}',
        '{"offset": -1}',
        '{"offset": 99999999999999999999}',
        '{"offset": 9223372036854775807}',
        '{"offset": 1e999}',
        '{"offset": [1]}',
        '{"offset": null}',
        '{"offset": true}',
        "[" * 5_000,
        DIGITS,
    )
)
FILTERS = (
    "name = 'x' AND",
    "name = '\0'",
    "name IN ('a','b'",
    "run_id IN ()",
    "(" * 2_000 + ")" * 2_000,
    "metrics.a > 99999999999999999999",
    "metrics.a > 1e999",
    "attributes.start_time > 99999999999999999999",
    "creation_time > 99999999999999999999",
    "version_number > 99999999999999999999",
    "params.`a` = 'b",
    "source_path = 'models:/a'",
    "source_path = 'http://['",
    "creation_time DESC, creation_time",
    "attributes.`x` ASC",
    "tags.mlflow.x ASC",
)
TEXTS = (
    "",
    " ",
    "\0",
    "a\0b",
    "a\nb",
    "x" * 5_000,
    DIGITS,
    "-1",
    "1e999",
    "99999999999999999999",
    "9223372036854775808",
    "²",
    "٣",
    "\xff",
    "🦉" * 250,
    "'",
    "`",
    "%",
    "..",
    "/../../..",
    "a/../b",
    "http://[",
    "models:/",
    "====",
    *FILTERS,
    *TOKENS,
)


class Raw(str):
    """JSON as it is sent, whether or not it is any."""


#: In the place of any value of a body.
ODD_JSON = (
    *TEXTS,
    None,
    True,
    -1,
    1.5,
    2**63,
    -(2**63) - 1,
    10**400,
    [],
    {},
    [[]],
    [{}],
    [None],
    {"a": 1},
    "NaN",
    "Infinity",
    Raw("1e999"),
    Raw(DIGITS),
    Raw("NaN"),
    Raw('"\\ud800"'),
    Raw('"\\udc00\\ud800"'),
    Raw('"\\u0000"'),
    Raw("[" * 900 + "]" * 900),
    Raw(DEEP),
    Raw(""),
    Raw("\ufeff1"),
)
#: Percent-encoded, in the place of any value of a query or a path.
ODD_ENCODED = (
    "%ff",
    "%ed%a0%80",
    "%00",
    "%0d%0a",
    "%",
    "%zz",
    "%2e%2e",
    "a" * 3_000,
    "%F0%9F%A6%89" * 250,
)
ODD_HEADERS = (
    *(text for text in TEXTS if len(text) < 6_000 and "\n" not in text and "\0" not in text),
    DEEP[:5_000],
)


def rendered(value):
    """A value as JSON, with what is raw as it is."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{rendered(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(rendered, value)) + "]"
    return json.dumps(value)


_PROPER = {
    "str": "a",
    "int": 1,
    "float": 1.5,
    "bool": False,
    "datetime": "2026-01-01T00:00:00Z",
}


def sample(kind, name, known):
    """A proper value of a type of the contract; ``known`` has those of some names."""
    if kind.startswith("list["):
        return [sample(kind[5:-1], name, known)]
    if kind in MODELS:
        return {
            field: rule.allowed[0] if rule.allowed else sample(rule.type, field, known)
            for field, rule in MODELS[kind].items()
        }
    return known.get(name, _PROPER.get(kind, {}))


def places(value, path=()):
    """The ways to each value in a JSON value, itself included."""
    yield path
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from places(inner, (*path, key))


def replaced(value, path, odd):
    """A copy of a JSON value with another one at a place."""
    if not path:
        return odd
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], odd)
    return copy


def odd_bodies(proper):
    """Bodies that have one or two odd values in them."""
    pair = st.tuples(st.sampled_from(list(places(proper))), st.sampled_from(ODD_JSON) | st.text())
    return st.lists(pair, min_size=1, max_size=2).map(lambda odd: _with(proper, odd))


def _with(proper, odd):
    body = proper
    for path, value in odd:
        try:
            body = replaced(body, path, value)
        except (LookupError, TypeError, AttributeError):
            continue  # The first of the two took the place of what held the second.
    return rendered(body).encode()


class Connection:
    """Sends signed requests byte for byte, and reads what is answered."""

    def __init__(self, emulator):
        self._emulator = emulator
        self._signer = signer_of(emulator)
        self._address = urlsplit(emulator.endpoint)
        self._socket = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._close()

    def _close(self):
        if self._socket:
            self._socket.close()
            self._socket = None

    def send(self, verb, target, body=None, headers=None, *, raw_headers=()):
        """Send a request, and return the status of the answer; None if there is no answer.

        ``raw_headers`` are added after the request was signed, as bytes.
        """
        request = requests.Request(verb, self._emulator.endpoint, data=body).prepare()
        request.url = self._emulator.endpoint + target
        if body is not None:
            request.headers["content-type"] = "application/json"
        # Bytes as they are, as http.client would send them.
        request.headers.update(headers or {})
        request = self._signer(request)
        lines = [f"{name}: {value}".encode("latin-1") for name, value in request.headers.items()]
        head = f"{verb} {target} HTTP/1.1".encode("latin-1")
        return self.send_bytes(b"\r\n".join([head, *lines, *raw_headers, b"", body or b""]), verb)

    def send_bytes(self, content, verb="GET"):
        """Send bytes, and return the status of the answer; None if there is no answer."""
        if self._socket is None:
            place = (self._address.hostname, self._address.port)
            self._socket = socket.create_connection(place, timeout=30)
        try:
            self._socket.sendall(content)
            with http.client.HTTPResponse(self._socket, method=verb) as response:
                response.begin()
                response.read()
        except (OSError, http.client.HTTPException):
            self._close()
            return None
        if response.will_close:
            self._close()
        return response.status
