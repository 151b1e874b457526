"""One side of a copy: MLflow's client, with the pages of its lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Experiment, LoggedModel, Run, ViewType
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.client.paging import Page, follow_pages
from mlflow_oci_aidp.uri import SCHEME

_PAGE = 200
_IS_PROMPT = "tag.`mlflow.prompt.is_prompt`"
#: Of a server that is older than logged models.
_NO_SUCH_CALL = frozenset({"ENDPOINT_NOT_FOUND", "NOT_IMPLEMENTED"})


class Side:
    """A tracking server and its registry.

    Args:
        uri: The tracking URI, which serves the registry, too.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.is_platform = uri.startswith(f"{SCHEME}:")
        self.client = MlflowClient(tracking_uri=uri, registry_uri=uri)

    def experiments(self) -> Iterator[Experiment]:
        """Yield the experiments that were not deleted."""
        return _all(
            "experiments",
            lambda token: self.client.search_experiments(
                ViewType.ACTIVE_ONLY, max_results=_PAGE, page_token=token
            ),
        )

    def experiment(self, name: str) -> Experiment | None:
        """Return the experiment of a name, a deleted one too; None if there is none."""
        return self.client.get_experiment_by_name(name)

    def runs(self, experiment_id: str, *, deleted: bool) -> Iterator[Run]:
        """Yield the runs of an experiment, the first that started first.

        Args:
            experiment_id: The experiment.
            deleted: Whether deleted runs are among them.
        """
        view = ViewType.ALL if deleted else ViewType.ACTIVE_ONLY
        return _all(
            "runs",
            lambda token: self.client.search_runs(
                [experiment_id],
                run_view_type=view,
                max_results=_PAGE,
                order_by=["attributes.start_time ASC"],
                page_token=token,
            ),
        )

    def run(self, run_id: str) -> Run | None:
        """Return a run, a deleted one too; None if there is none."""
        return _or_none(lambda: self.client.get_run(run_id))

    def logged_models(self, experiment_id: str) -> Iterator[LoggedModel]:
        """Yield the logged models of an experiment; none where a server does not know them."""
        try:
            yield from _all(
                "logged models",
                lambda token: self.client.search_logged_models(
                    [experiment_id], max_results=50, page_token=token
                ),
            )
        except MlflowException as problem:
            if problem.error_code not in _NO_SUCH_CALL:
                raise

    def logged_model(self, model_id: str) -> LoggedModel | None:
        """Return a logged model; None if there is none."""
        return _or_none(lambda: self.client.get_logged_model(model_id))

    def registered_models(self, *, prompts: bool = False) -> Iterator[RegisteredModel]:
        """Yield the registered models, or the prompts."""
        condition = f"{_IS_PROMPT} = 'true'" if prompts else None
        return _all(
            "registered models",
            lambda token: self.client.search_registered_models(
                condition, max_results=100, page_token=token
            ),
        )

    def registered_model(self, name: str) -> RegisteredModel | None:
        """Return a registered model; None if there is none."""
        return _or_none(lambda: self.client.get_registered_model(name))

    def prompt(self, name: str) -> RegisteredModel | None:
        """Return a prompt with its aliases; None if there is none. MLflow's client hides them."""
        condition = f"name = {_quoted(name)} AND {_IS_PROMPT} = 'true'"
        return next(iter(self.client.search_registered_models(condition, max_results=1)), None)

    def versions(self, name: str, *, prompts: bool = False) -> list[ModelVersion]:
        """Return the versions of a registered model or prompt, version 1 first."""
        condition = f"name = {_quoted(name)}"
        if prompts:
            condition += f" AND {_IS_PROMPT} = 'true'"
        versions = _all(
            "versions",
            lambda token: self.client.search_model_versions(
                condition, max_results=_PAGE, page_token=token
            ),
        )
        return sorted(versions, key=lambda version: int(version.version))


@contextmanager
def in_use(uri: str) -> Iterator[None]:
    """Have MLflow use a tracking URI, for what takes no URI as an argument."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)


def _quoted(name: str) -> str:
    return f'"{name}"' if "'" in name else f"'{name}'"


def _all(what: str, search: Callable[[str | None], Any]) -> Iterator[Any]:
    def fetch(token: str) -> Page[Any]:
        page = search(token or None)
        return Page(page, page.token or "")

    for page in follow_pages(fetch, f"The list of {what}"):
        yield from page.items


def _or_none(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except MlflowException as problem:
        if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None
