"""Each kind of list that the package reads, walked from its beginning to its end.

``tests/test_growth.py`` counts the requests of each, and ``benchmarks/growth.py`` measures them.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

from mlflow.entities import ViewType

from tests.support.many_things import ALIASES, DEPLOYMENTS_OF_A_MODEL

PAGE = 1000


@dataclass(frozen=True)
class Walk:
    """A list that is read whole.

    Attributes:
        read: Reads it, by the URI of the server and how many things there are; returns how many
            it saw.
        requests: How many requests that takes for so many things.
        sees: How many it sees of so many things.
    """

    read: Callable[[str, int], int]
    requests: Callable[[int], int]
    sees: Callable[[int], int] = lambda count: count


def pages(count: int, size: int = PAGE) -> int:
    """Return how many pages there are of so many things; the first one is asked for always."""
    return max(1, math.ceil(count / size))


def _all(search: Callable[[str | None], Any]) -> Iterator[Any]:
    """Yield page after page, as a user walks a list."""
    token = None
    while True:
        page = search(token)
        yield from page
        token = page.token
        if not token:
            return


def _count(items: Iterable[Any]) -> int:
    return sum(1 for _ in items)


def _registry(uri: str) -> Any:
    from mlflow_oci_aidp.registry.store import AidpRegistryStore

    return AidpRegistryStore(uri)


def _tracking(uri: str) -> Any:
    from mlflow_oci_aidp.tracking.store import AidpTrackingStore

    return AidpTrackingStore(uri)


def _deployments(uri: str) -> Any:
    from mlflow_oci_aidp.deployments.client import AidpDeploymentClient

    return AidpDeploymentClient(uri)


def registered_models(uri: str, count: int) -> int:
    store = _registry(uri)
    return _count(_all(lambda token: store.search_registered_models(None, PAGE, None, token)))


def prompts(uri: str, count: int) -> int:
    store = _registry(uri)
    condition = "tag.`mlflow.prompt.is_prompt` = 'true'"
    return _count(_all(lambda token: store.search_registered_models(condition, PAGE, None, token)))


def model_versions(uri: str, count: int) -> int:
    store = _registry(uri)
    condition = "name = 'main.default.iris'"
    return _count(_all(lambda token: store.search_model_versions(condition, PAGE, None, token)))


def aliases(uri: str, count: int) -> int:
    """Read the aliases of each version, in pages of which each looks them up once."""
    store = _registry(uri)
    condition = "name = 'main.default.iris'"
    versions = _all(lambda token: store.search_model_versions(condition, PAGE, None, token))
    return sum(len(version.aliases) for version in versions)


def experiments(uri: str, count: int) -> int:
    store = _tracking(uri)
    return _count(_all(lambda token: store.search_experiments(max_results=PAGE, page_token=token)))


def runs(uri: str, count: int) -> int:
    store = _tracking(uri)
    view = ViewType.ACTIVE_ONLY
    return _count(_all(lambda token: store.search_runs(["7"], "", view, PAGE, None, token)))


def logged_models(uri: str, count: int) -> int:
    """Walk in pages of 100, which is what MLflow asks for."""
    store = _tracking(uri)
    return _count(_all(lambda token: store.search_logged_models(["7"], page_token=token)))


def logged_model_by_name(uri: str, count: int) -> int:
    """Find one as MLflow does where it looks for ``runs:/<run>/<name>``."""
    store = _tracking(uri)
    condition = "name = 'model 0'"
    return _count(
        _all(lambda token: store.search_logged_models(["7"], condition, page_token=token))
    )


def metric_history(uri: str, count: int) -> int:
    return len(_tracking(uri).get_metric_history(f"{0:032x}", "loss"))


def metric_pages(uri: str, count: int) -> int:
    store = _tracking(uri)
    return _count(_all(lambda token: store.get_metric_history(f"{0:032x}", "loss", PAGE, token)))


def deleted_runs(uri: str, count: int) -> int:
    return len(_tracking(uri)._get_deleted_runs())


def bucket(uri: str, count: int) -> int:
    from mlflow_oci_aidp.artifacts.object_storage import OciArtifactRepository

    return len(OciArtifactRepository("oci://bucket@space/x", uri).list_artifacts())


def volume(uri: str, count: int) -> int:
    from mlflow_oci_aidp.artifacts.volumes import VolumeArtifactRepository

    location = "aidp:/Volumes/main/default/artifacts/x"
    return len(VolumeArtifactRepository(location, uri).list_artifacts())


def deployments(uri: str, count: int) -> int:
    return len(_deployments(uri).list_deployments())


def deployment_by_name(uri: str, count: int) -> int:
    found = _deployments(uri).get_deployment(f"deployment {count - 1}")
    return int(found["deployment_id"], 16) + 1


def activities(uri: str, count: int) -> int:
    return len(_deployments(uri).activities(f"{0:032x}"))


def inferences(uri: str, count: int) -> int:
    return len(_deployments(uri).inferences(f"{0:032x}", limit=count))


def grants(uri: str, count: int) -> int:
    from mlflow_oci_aidp.permissions import list_grants

    return len(list_grants("main.default.iris", uri))


def workspaces(uri: str, count: int) -> int:
    from mlflow_oci_aidp.session import session_for
    from mlflow_oci_aidp.workspaces import WorkspaceDirectory

    return len(WorkspaceDirectory.of(session_for(uri)).list())


def _command(*arguments: str) -> int:
    """Run a command whose output goes to a file; returns the number of its lines."""
    from mlflow_oci_aidp.cli import main

    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        with redirect_stdout(file):
            main([*arguments], standalone_mode=False)
        file.seek(0)
        return _count(file)


def command_models(uri: str, count: int) -> int:
    return _command("models", "list", uri)


def command_versions(uri: str, count: int) -> int:
    return _command("models", "show", "main.default.iris", uri)


def _models_with_deployments(count: int) -> int:
    return math.ceil(count / DEPLOYMENTS_OF_A_MODEL)


def _requests_of_deployments(count: int) -> int:
    models = _models_with_deployments(count)
    return pages(models) + models


WALKS: Mapping[str, Walk] = {
    # Every second one of the server is a prompt.
    "registered models, as many as prompts": Walk(
        registered_models, pages, lambda count: count - count // 2
    ),
    "prompts, as many as models": Walk(prompts, pages, lambda count: count // 2),
    "model versions of one model": Walk(model_versions, pages),
    # Each page of versions asks for the aliases anew: they can change.
    "model versions, and their aliases": Walk(
        aliases, lambda count: 2 * pages(count), lambda count: min(count, ALIASES)
    ),
    "experiments": Walk(experiments, pages),
    "runs": Walk(runs, pages),
    "logged models, on runs and listed": Walk(
        logged_models, lambda count: 2 * pages(count), lambda count: 2 * count
    ),
    "a logged model by its name": Walk(
        logged_model_by_name, lambda count: 2 * pages(count), lambda count: 1
    ),
    "a metric's history": Walk(metric_history, lambda count: 1),
    "a metric's history, in pages": Walk(metric_pages, pages),
    "deleted runs, one of each experiment": Walk(deleted_runs, lambda count: 2 * pages(count)),
    "artifacts in a bucket": Walk(bucket, pages),
    "artifacts in a volume": Walk(volume, lambda count: 1 + pages(count)),
    "deployments": Walk(deployments, _requests_of_deployments),
    "a deployment by its name": Walk(
        deployment_by_name, lambda count: _requests_of_deployments(count) + 1
    ),
    "activities of a deployment": Walk(activities, lambda count: 1 + pages(count)),
    "inferences of a deployment": Walk(inferences, lambda count: 1 + pages(count, 20)),
    "grants": Walk(grants, pages),
    "workspaces": Walk(workspaces, pages),
    "`models list`, as many as prompts": Walk(
        command_models, pages, lambda count: count - count // 2
    ),
    "`models show`": Walk(command_versions, lambda count: 1 + pages(count)),
}
