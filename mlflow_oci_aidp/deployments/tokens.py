"""Bearer tokens of predictions: from the environment, or from a function of the program's own.

They are read for each prediction, since they expire, and never from the config of a deployment,
which the platform stores.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from mlflow_oci_aidp.errors import invalid_parameter
from mlflow_oci_aidp.lookup import Lookup
from mlflow_oci_aidp.secret import Secret, concealed
from mlflow_oci_aidp.settings import header_problem
from mlflow_oci_aidp.uri import AidpUri

#: Returns a bearer token.
TokenSource = Callable[[], str]

_AS_GIVEN = "Set it to the token as the identity provider gave it."


@concealed
def serving_token(environ: Mapping[str, str] | None = None) -> Secret | None:
    """Return the bearer token of predictions that the environment holds now, or None.

    Args:
        environ: The environment; the process's own if None.

    Raises:
        AidpError: ``INVALID_PARAMETER_VALUE`` for a token that cannot stand in a header.
    """
    lookup = Lookup(AidpUri(), os.environ if environ is None else environ)
    token = lookup.find("serving_token")
    if token and (problem := header_problem("AIDP_SERVING_TOKEN", token, _AS_GIVEN)):
        raise problem
    return Secret(token) if token else None


@concealed
def token_from(source: TokenSource) -> Secret:
    """Return the bearer token that a function of the program's own returns.

    Raises:
        AidpError: ``INVALID_PARAMETER_VALUE`` for a token that cannot stand in a header. What the
            function raises goes through.
    """
    value: Any = source()
    if problem := header_problem("the serving token", value, "Return the token as text."):
        raise problem
    return Secret(value)


def checked_token_source(source: object) -> TokenSource | None:
    """Return what a caller passed as a source of tokens.

    Raises:
        AidpError: ``INVALID_PARAMETER_VALUE`` for what cannot be called, without showing it.
    """
    if source is None or callable(source):
        return source
    raise invalid_parameter(
        f"A {type(source).__name__} is not a source of tokens.",
        "Pass a function without arguments that returns a token.",
    )
