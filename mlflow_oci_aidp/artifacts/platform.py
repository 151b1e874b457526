"""Which AI Data Platform artifacts belong to: a location does not say, the stores in use do."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping

from mlflow_oci_aidp.uri import SCHEME

#: Where `mlflow server` keeps the URIs of its stores, for the processes that it starts: tracking, then registry.
#: [mlflow.server, 3.1 to 3.17]
SERVER_VARIABLES: tuple[str, ...] = ("_MLFLOW_SERVER_FILE_STORE", "_MLFLOW_SERVER_REGISTRY_STORE")

#: The tracking URIs of the stores of this process, each with a number that grows: the store made last
#: has the highest. Threads may note and look at once, so an entry is never taken out to be put back.
_of_stores: dict[str, int] = {}
_numbers = itertools.count()

#: The URIs of stores, by locations that they named.
_of_locations: dict[str, str] = {}
_REMEMBERED = 10_000


def remember(tracking_uri: str) -> None:
    """Note that a tracking store of this process is in use: the older of the supported MLflow versions
    name none when they open artifacts.

    Args:
        tracking_uri: Its URI.
    """
    _of_stores[tracking_uri] = next(_numbers)


def remember_location(location: str | None, uri: str) -> None:
    """Note which platform a location belongs to: MLflow does not always say it when it opens artifacts.

    Args:
        location: Where artifacts of a run, a logged model or a model version lie.
        uri: The URI of the store that said so.
    """
    if not location:
        return
    if len(_of_locations) > _REMEMBERED:
        _of_locations.clear()
    _of_locations[location.rstrip("/")] = uri


def forget() -> None:
    """Forget the tracking stores and the locations of this process."""
    _of_stores.clear()
    _of_locations.clear()


def uri_in_use(
    tracking_uri: str | None = None,
    registry_uri: str | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    location: str = "",
) -> str | None:
    """The ``aidp://`` URI that says where artifacts belong.

    The first of these that has the scheme: what was passed, the store that named the location, the stores of the
    ``mlflow server`` that this process is a part of, what MLflow is set to, and the tracking store that this process
    made last.

    Args:
        tracking_uri: The tracking URI that MLflow passes, if it does.
        registry_uri: The registry URI, likewise.
        environ: The environment; the process's own if None.
        location: Where the artifacts lie.

    Returns:
        The URI, or None where none is in use: the environment variables of the settings may still name an instance.
    """
    for uri in _candidates(tracking_uri, registry_uri, os.environ if environ is None else environ, location):
        if uri and uri.startswith(f"{SCHEME}://"):
            return uri
    return None


def _candidates(
    tracking_uri: str | None, registry_uri: str | None, environ: Mapping[str, str], location: str
) -> Iterator[str | None]:
    yield tracking_uri
    yield registry_uri
    above = location.rstrip("/")
    while "/" in above:
        yield _of_locations.get(above)
        above = above.rpartition("/")[0]
    # Names of variables as the server has them, before what MLflow is set to: a server is set to nothing, and
    # asking would make MLflow look for a database in the working folder.
    for variable in SERVER_VARIABLES:
        yield environ.get(variable)
    for ask in _mlflow_uris():
        yield ask()
    stores = _of_stores.copy()
    yield from sorted(stores, key=stores.__getitem__, reverse=True)


def _mlflow_uris() -> tuple[Callable[[], str], ...]:
    import mlflow

    return (mlflow.get_tracking_uri, mlflow.get_registry_uri)
