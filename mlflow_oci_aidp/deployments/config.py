"""The keys of ``config``: one table, which the code, the help text and the documentation read.

MLflow's command line passes every value as text (``-C activate=false``), so a value may be text of
the type that it stands for.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mlflow_oci_aidp.deployments.entities import AIDP, OAUTH
from mlflow_oci_aidp.errors import AidpError, invalid_parameter

#: The operations that take a config.
CREATE, UPDATE, DELETE, ACTIVATE, RUN_LOCAL = "create", "update", "delete", "activate", "run-local"

Config = dict[str, Any]


@dataclass(frozen=True)
class Key:
    """One line of the table.

    Attributes:
        name: The key.
        meaning: What it is, in a few words.
        read: Turns what the caller passed into a value. It raises ``ValueError`` with what was
            expected.
        operations: The operations that take it.
        default: What holds if it is left out, in words.
        field: The platform's name for it; ``""`` if it is not sent under a name.
    """

    name: str
    meaning: str
    read: Callable[[Any], Any]
    operations: tuple[str, ...]
    default: str = ""
    field: str = ""


def _text(longest: int) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        # Half a character has no bytes in UTF-8; a request could not hold it. [json_fields]
        if not isinstance(value, str) or len(value.encode("utf-8", "replace")) > longest:
            raise ValueError(f"text of at most {longest} bytes in UTF-8")
        return value

    return read


def _key(value: Any) -> str:
    if (
        not isinstance(value, str)
        or not value.strip()
        or len(value.encode("utf-8", "replace")) > 255
    ):
        raise ValueError("text that is not empty, of at most 255 bytes in UTF-8")
    return value.strip()


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word not in {"true", "false"}:
        raise ValueError("true or false")
    return word == "true"


def _seconds(value: Any) -> float:
    try:
        seconds = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not seconds > 0:
        raise ValueError("a number of seconds above 0")
    return seconds


def _percentage(value: Any) -> int:
    try:
        number = -1.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = -1.0
    if not (1 <= number <= 100 and number == int(number)):
        raise ValueError("a whole number from 1 to 100")
    return int(number)


def _port(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not text.isdecimal() or not 0 < int(text[:6]) < 65536:
        raise ValueError("the number of a port")
    return int(text)


def _auth_type(value: Any) -> str:
    word = value.strip().upper() if isinstance(value, str) else ""
    if word not in {AIDP, OAUTH}:
        raise ValueError(f"{AIDP} or {OAUTH}")
    return word


def _https(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("https://"):
        raise ValueError("an address that begins with https://")
    return value


def _https_list(value: Any) -> list[str]:
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = _json(value)
    values = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    if not isinstance(values, list | tuple) or not values:
        raise ValueError("a list of addresses that begin with https://")
    return [_https(item) for item in values]


def _tags(value: Any) -> dict[str, str | None]:
    if isinstance(value, str):
        value = _json(value)
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ValueError('a map of texts, such as {"team": "risk"}')
    return {key: None if tag is None else str(tag) for key, tag in value.items()}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("JSON") from None


_SETTLED = (CREATE, UPDATE)
_WAITS = (CREATE, UPDATE, DELETE, ACTIVATE)

#: The keys. Lengths, ways to sign in and claims are the platform's. [aidp-python-client 5.1.1]
KEYS: tuple[Key, ...] = (
    Key(
        "compute_key",
        "key of the compute that serves the model",
        _key,
        _SETTLED,
        "needed by create",
        "computeKey",
    ),
    Key(
        "workspace_key",
        "key of the workspace that it runs in",
        _key,
        _SETTLED,
        "the workspace of the URI",
        "workspaceKey",
    ),
    Key("auth_type", "`AIDP` or `OAUTH`", _auth_type, _SETTLED, "`AIDP`", "authType"),
    Key("issuer_claim", "issuer of the tokens, for `OAUTH`", _https, _SETTLED, "", "issuerClaim"),
    Key(
        "audience_claim",
        "audiences of the tokens, for `OAUTH`: `https://` addresses, with commas between",
        _https_list,
        _SETTLED,
        "",
        "audienceClaim",
    ),
    Key("jwks_uri", "keys of the issuer, for `OAUTH`", _https, _SETTLED, "", "jwksUri"),
    Key("description", "description", _text(2000), _SETTLED, "", "description"),
    Key("tags", "tags; on update, null deletes one", _tags, _SETTLED),
    Key("message", "comment on the activity", _text(2000), _WAITS, "", "message"),
    Key("traffic", "percentage of the traffic", _percentage, (CREATE,), "100"),
    Key("activate", "whether it is activated at once", _boolean, (CREATE,), "true"),
    Key("synchronous", "whether the call waits for the end", _boolean, _WAITS, "true"),
    Key("timeout_seconds", "the longest wait, in seconds", _seconds, _WAITS, "1200"),
    Key("port", "port of the local server", _port, (RUN_LOCAL,), "5000"),
    Key("host", "host of the local server", _key, (RUN_LOCAL,), "127.0.0.1"),
    Key(
        "env_manager",
        "MLflow's environment manager of the local server",
        _key,
        (RUN_LOCAL,),
        "`local`",
    ),
)

#: Seconds.
LONGEST_WAIT = 1200.0


def read_config(config: Mapping[str, Any] | None, operation: str) -> Config:
    """Check a config and return its values.

    Args:
        config: What the caller passed. Values may be text, as MLflow's command line passes them.
        operation: The operation that takes it.

    Raises:
        AidpError: ``INVALID_PARAMETER_VALUE`` for an unknown key, which lists the known ones, and
            for a value that a key does not take.
    """
    if config is not None and not isinstance(config, Mapping):
        raise invalid_parameter(
            f"The config is a {type(config).__name__}.", "Pass a dictionary of keys and values."
        )
    known = {key.name: key for key in KEYS if operation in key.operations}
    values: Config = {}
    for name, value in (config or {}).items():
        if name not in known:
            raise invalid_parameter(
                f"There is no config key {name!r} of {operation}.",
                f"Known are: {', '.join(known)}.",
            )
        if value is None:
            continue
        expected = ""
        try:
            values[name] = known[name].read(value)
        except ValueError as problem:
            expected = str(problem)
        if expected:
            raise _wrong_value(name, expected)
    _check_authentication(values)
    return values


def _wrong_value(name: str, expected: str) -> AidpError:
    # The value is not shown: a token may have come here by mistake.
    return invalid_parameter(
        f"The value of the config key {name!r} is not usable.", f"It has to be {expected}."
    )


_CLAIMS = ("issuer_claim", "audience_claim", "jwks_uri")


def _check_authentication(values: Config) -> None:
    given = [name for name in _CLAIMS if name in values]
    if values.get("auth_type") == OAUTH:
        missing = [name for name in _CLAIMS if name not in values]
        if missing:
            raise invalid_parameter(
                f"A deployment with tokens of an identity provider needs {', '.join(missing)}.",
                "Add them to the config.",
            )
    elif given:
        raise invalid_parameter(
            f"The config key {given[0]!r} belongs to another way to sign in.",
            f"Add auth_type={OAUTH}, or leave it out.",
        )


def authentication(values: Config) -> dict[str, Any]:
    """Return the platform's fields for the way to sign in, if the config names one."""
    fields: dict[str, Any] = {}
    if auth_type := values.get("auth_type"):
        fields["authType"] = auth_type
    if auth_type == OAUTH:
        fields["authDetails"] = {key.field: values[key.name] for key in KEYS if key.name in _CLAIMS}
    return fields


def tag_list(tags: Mapping[str, str | None]) -> list[dict[str, str]]:
    """Return the tags that have a value, as the platform takes them."""
    return [{"key": key, "value": value} for key, value in tags.items() if value is not None]
