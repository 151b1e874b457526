"""Copy from one MLflow server to another: experiments and their runs, then registered models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from mlflow_oci_aidp.errors import invalid_parameter
from mlflow_oci_aidp.migration.ids import IdMap
from mlflow_oci_aidp.migration.models import ModelCopier
from mlflow_oci_aidp.migration.report import Report
from mlflow_oci_aidp.migration.runs import RunCopier
from mlflow_oci_aidp.uri import SCHEME

_PAGE = 1000
#: Errors after which nothing else would go better.
_HOPELESS = frozenset(
    {"UNAUTHENTICATED", "TEMPORARILY_UNAVAILABLE", "DEADLINE_EXCEEDED", "ENDPOINT_NOT_FOUND"}
)


@dataclass(frozen=True)
class CopyOptions:
    """What is copied.

    Attributes:
        experiments: Names or ids of experiments; all if None, none if empty.
        models: Names of registered models; likewise.
        with_prompts: Whether prompts are copied.
        with_deleted: Whether deleted experiments and runs are copied, and deleted in the target.
        name_prefix: What is put before names without dots, such as ``main.default``.
        map_file: The file of old and new ids; None for no file.
        is_dry_run: Whether nothing is written.
    """

    experiments: Sequence[str] | None = None
    models: Sequence[str] | None = None
    with_prompts: bool = False
    with_deleted: bool = False
    name_prefix: str = ""
    map_file: Path | None = None
    is_dry_run: bool = False


class Copier:
    """Copies from one MLflow server to another. What is there already is left.

    Args:
        source_uri: The tracking URI of the source, which has the registry, too.
        target_uri: The tracking URI of the target, likewise.
        options: What is copied.
        show: Shows what is being done.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a URI that is wrong, and if both are one.
    """

    def __init__(
        self,
        source_uri: str,
        target_uri: str,
        options: CopyOptions,
        show: Callable[[str], None] = lambda text: None,
    ) -> None:
        if source_uri == target_uri:
            raise invalid_parameter("Source and target are the same.", "Name two servers.")
        self._options = options
        self._show = show
        self._source = MlflowClient(source_uri, source_uri)
        self._target = MlflowClient(target_uri, target_uri)
        self._needs_full_names = target_uri.startswith(f"{SCHEME}://")
        self._completes_names = "schema=" in target_uri
        self.report = Report()
        ids = IdMap(None if options.is_dry_run else options.map_file)
        self._ids = ids
        self._runs = RunCopier(
            self._source,
            self._target,
            source_uri,
            ids,
            self.report,
            is_dry_run=options.is_dry_run,
        )
        self._models = ModelCopier(
            self._source,
            self._target,
            ids,
            self.report,
            self._new_name,
            is_dry_run=options.is_dry_run,
        )

    def copy(self) -> Report:
        """Copy everything that the options name.

        Returns:
            The books. What could not be copied is in them, and the rest goes on.

        Raises:
            MlflowException: ``INVALID_PARAMETER_VALUE`` for names that the target cannot have,
                ``RESOURCE_DOES_NOT_EXIST`` for an experiment or a registered model that the source
                does not have: nothing was copied then. And an error after which nothing else would
                go better, such as a refused signature: what was copied before stays.
        """
        models = self._named_models()
        self._check_names(models)
        for experiment in list(self._experiments()):
            with self._reported(f"experiment {experiment.name}"):
                self._copy_experiment(experiment)
        self._runs.adopt_orphans()
        for number, name in enumerate(models, 1):
            self._show(f"Registered model {number} of {len(models)}: {name}")
            with self._reported(f"registered model {name}"):
                self._models.copy(name)
        if self._options.with_prompts:
            with self._reported("prompts"):
                self._models.copy_prompts()
        return self.report

    def _copy_experiment(self, experiment: Any) -> None:
        present = self._target.get_experiment_by_name(experiment.name)
        is_dry_run = self._options.is_dry_run
        if present is not None:
            self.report.present["experiments"] += 1
            new = str(present.experiment_id)
        else:
            self.report.copied["experiments"] += 1
            new = "" if is_dry_run else self._create_experiment(experiment)
        if new:
            self._ids.note("experiment", str(experiment.experiment_id), new)
        known = self._runs.known(new) if new else {}
        ids = self._runs.run_ids(
            str(experiment.experiment_id), with_deleted=self._options.with_deleted
        )
        for number, run_id in enumerate(ids, 1):
            self._show(f"Experiment {experiment.name}: run {number} of {len(ids)}")
            with self._reported(f"run {run_id}"):
                self._runs.copy(run_id, new, known.get(run_id))
        if experiment.lifecycle_stage == "deleted" and present is None and not is_dry_run:
            self._target.delete_experiment(new)

    def _create_experiment(self, experiment: Any) -> str:
        tags = {key: self._ids.rewritten(value) for key, value in experiment.tags.items()}
        return str(self._target.create_experiment(experiment.name, tags=tags))

    def _experiments(self) -> Iterator[Any]:
        names = self._options.experiments
        if names is not None:
            for name in names:
                found = self._source.get_experiment_by_name(name)
                yield found if found is not None else self._source.get_experiment(name)
            return
        view = ViewType.ALL if self._options.with_deleted else ViewType.ACTIVE_ONLY
        token = None
        while True:
            page = self._source.search_experiments(view, _PAGE, page_token=token)
            yield from page
            token = page.token
            if not token:
                return

    def _named_models(self) -> list[str]:
        names = self._options.models
        if names is None:
            return [model.name for model in self._models.models()]
        return [self._source.get_registered_model(name).name for name in names]

    def _new_name(self, name: str) -> str:
        prefix = self._options.name_prefix
        return f"{prefix}.{name}" if prefix and "." not in name else name

    def _check_names(self, names: Iterable[str]) -> None:
        """Refuse names that AI Data Platform cannot have, before anything is copied."""
        if not self._needs_full_names or self._completes_names:
            return
        short = [name for name in names if self._new_name(name).count(".") != 2]
        if short:
            listed = ", ".join(map(repr, short[:10])) + (" and more" if short[10:] else "")
            raise invalid_parameter(
                f"These registered models have no name of the form <catalog>.<schema>.<model>: "
                f"{listed}.",
                "Add --name-prefix <catalog>.<schema>, or rename them first.",
            )

    @contextmanager
    def _reported(self, what: str) -> Iterator[None]:
        """Note a failure of a block in the books, and go on."""
        try:
            yield
        except (MlflowException, OSError) as problem:
            if getattr(problem, "error_code", "") in _HOPELESS:
                raise
            self.report.fail(what, problem)
