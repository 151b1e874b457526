"""What an exception holds: its whole chain, the frames of its tracebacks, and all they lead to.

Error trackers and test runners print local variables, and some follow the attributes of objects.
The walk here goes further than any of them, to the last object. Closures of functions are left out:
there this package keeps what is never shown.
"""

from __future__ import annotations

import functools
import io
import logging
import threading
import traceback
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from mlflow_oci_aidp.emulator import Emulator

#: Frames that hold the secrets of a test by right.
_OF_TESTS = (str(Path(__file__).parents[1]), "/_pytest/", "/pluggy/")
#: Objects that are no values, or that lead to everything.
_LEFT_OUT = (
    int,
    float,
    type(None),
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.CodeType,
    logging.Logger,
    threading.Thread,
)
#: Headers that no frame may hold, whatever their values are.
_HEADERS = {"authorization", "opc-retry-token", "dh-user-principal", "proxy-authorization"}
#: Other mappings keep their content in attributes.
_DICTIONARIES = (dict, types.MappingProxyType)
_SEQUENCES = (list, tuple, set, frozenset, deque)
_MOST_OBJECTS = 300_000


def secrets_of(aidp: Emulator) -> list[str]:
    """Return what requests to an emulator held, and what its user's key is made of."""
    keys = [path.read_text() for path in Path(aidp.config_file).parent.rglob("*.pem")]
    found = {line for key in keys for line in key.splitlines()[1:-1] if len(line) > 20}
    for exchange in aidp.exchanges:
        signature = exchange.headers.get("authorization", "").partition('signature="')[2]
        found |= {signature[:40], exchange.headers.get("opc-retry-token", "")}
    return [*sorted(found - {""}), 'keyId="']


def found_in(exception: BaseException, secrets: Iterable[str]) -> list[str]:
    """Return where an exception holds a secret: each place as a path from the frame.

    Private keys, and the headers that hold secrets, are found whatever they are.

    Args:
        exception: The exception, as a caller catches it.
        secrets: Texts that nothing may hold, or parts of them.
    """
    walk = _Walk(list(secrets))
    for one in _chain_of(exception):
        name = type(one).__name__
        walk.add(f"{name}.args", one.args)
        walk.add(name, vars(one))
        walk.add(f"the text of {name}", "".join(traceback.format_exception_only(one)))
        for frame, line in traceback.walk_tb(one.__traceback__):
            if not _is_of_tests(frame.f_code):
                place = f"{Path(frame.f_code.co_filename).name}:{line} {frame.f_code.co_name}"
                for variable, value in frame.f_locals.items():
                    # Both what a test runner prints, and all that there is.
                    walk.add(f"{place}: the text of {variable}", _text_of(value))
                    walk.add(f"{place}: {variable}", value)
    return walk.run()


def found_below(value: object, secrets: Iterable[str]) -> list[str]:
    """Return where a value, or what it leads to, holds a secret; see :py:func:`found_in`."""
    walk = _Walk(list(secrets))
    walk.add(type(value).__name__, value)
    walk.add("repr", f"{value!r}")
    return walk.run()


def _chain_of(exception: BaseException) -> list[BaseException]:
    """Return an exception with all its causes and contexts."""
    chain: dict[int, BaseException] = {}
    waiting: list[BaseException | None] = [exception]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in chain:
            chain[id(one)] = one
            waiting += [one.__cause__, one.__context__]
    return list(chain.values())


def _text_of(value: object) -> str:
    """Return what a traceback with variables shows of one."""
    try:
        return repr(value)
    except Exception as problem:
        if type(value).__module__.startswith("mlflow_oci_aidp"):
            raise AssertionError("an object of this package cannot be printed") from problem
        return ""


def _is_of_tests(code: types.CodeType) -> bool:
    return any(part in code.co_filename for part in _OF_TESTS)


class _Walk:
    """Goes from values to all that they lead to, the nearest first."""

    def __init__(self, secrets: list[str]) -> None:
        assert all(len(secret) > 3 for secret in secrets), "too short to be looked for"
        self._secrets = secrets
        self._bytes = [secret.encode("utf-8", "surrogatepass") for secret in secrets]
        self._waiting: deque[tuple[str, object]] = deque()
        self._seen: dict[int, object] = {}

    def add(self, path: str, value: object) -> None:
        if not isinstance(value, _LEFT_OUT) and id(value) not in self._seen:
            self._seen[id(value)] = value
            self._waiting.append((path, value))

    def run(self) -> list[str]:
        found: list[str] = []
        while self._waiting:
            assert len(self._seen) < _MOST_OBJECTS, f"too many objects: {self._waiting[-1][0]}"
            path, value = self._waiting.popleft()
            if problem := self._problem(value):
                found.append(f"{path} {problem}")
            elif not isinstance(value, str | bytes | bytearray):
                for step, part in _parts(value):
                    self.add(f"{path}{step}", part)
        return found

    def _problem(self, value: object) -> str:
        if isinstance(value, str):
            return next((f"holds {one[:12]}..." for one in self._secrets if one in value), "")
        if isinstance(value, bytes | bytearray):
            return next((f"holds {one[:12]!r}..." for one in self._bytes if one in value), "")
        if isinstance(value, RSAPrivateKey):
            return "is a private key"
        if isinstance(value, _DICTIONARIES):
            names = [key for key, held in list(value.items()) if isinstance(key, str) and held]
            headers = sorted(_HEADERS.intersection(map(str.lower, names)))
            return f"has the headers {', '.join(headers)}" if headers else ""
        return ""


#: What values of some kinds lead to, beside their attributes.
_STEPS: tuple[tuple[Any, Callable[[Any], Iterable[tuple[str, object]]]], ...] = (
    (
        _DICTIONARIES,
        lambda value: [
            pair
            for key, held in list(value.items())
            for pair in ((" key", key), (f"[{key!r}]"[:60], held))
        ],
    ),
    (_SEQUENCES, lambda value: [(f"[{number}]", held) for number, held in enumerate(list(value))]),
    (functools.partial, lambda value: [(".args", (value.func, value.args, value.keywords))]),
    (types.MethodType, lambda value: [(".__self__", value.__self__)]),
    (io.BytesIO, lambda value: [(".getvalue()", value.getvalue())]),
    (types.GeneratorType, lambda value: [(".gi_frame", value.gi_frame)]),
    (
        types.FrameType,
        lambda value: [] if _is_of_tests(value.f_code) else [(".f_locals", dict(value.f_locals))],
    ),
    (types.TracebackType, lambda value: [(".tb", (value.tb_frame, value.tb_next))]),
    (BaseException, lambda value: [(".args", value.args), (".tb", value.__traceback__)]),
)


def _parts(value: Any) -> Iterator[tuple[str, object]]:
    """Yield what a value leads to, each with the step to it."""
    for kinds, steps in _STEPS:
        if isinstance(value, kinds):
            yield from steps(value)
    for name, held in list(getattr(value, "__dict__", {}).items()):
        yield f".{name}", held
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if not name.startswith("__"):
                yield f".{name}", getattr(value, name, None)
