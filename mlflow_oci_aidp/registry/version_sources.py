"""The sources of model versions: what is sent when one is made, and where its files are."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp.artifacts.locations import is_of_this_machine, to_mlflow, to_platform
from mlflow_oci_aidp.errors import error
from mlflow_oci_aidp.model_id import ModelId
from mlflow_oci_aidp.model_sources import ModelSources
from mlflow_oci_aidp.registry.local_models import LocalModels
from mlflow_oci_aidp.registry.origins import Origin, Origins, is_noted_by_mlflow
from mlflow_oci_aidp.uri import SCHEME

#: ``models:/<name>/<version>``, which MLflow stores as the source of a copy. The
#: ``models:/<model id>`` of a logged model is another thing, and has no version.
_COPY_SOURCE = re.compile(r"models:/(?P<name>[^/@]+)/(?P<version>\d+)")
_RUNS = "runs:/"
_RUN_SOURCE = re.compile(r"runs:/+[^/]+/.+", re.DOTALL)
_MODELS = "models:/"
_LOGGED_MODEL = re.compile(r"models:/(?P<id>m-[^/@]+)")

#: More copies of copies than anybody makes: the limit ends a circle of copies.
_LONGEST_CHAIN = 50


@dataclass(frozen=True)
class NewVersionSource:
    """How the source of a new model version is sent.

    Attributes:
        rpc: The call that creates the version.
        source: The field ``source`` of that call.
        run_id: The field ``run_id`` of that call.
        model_id: The field ``model_id`` of that call.
        origin: The logged model that is to name the new version; None if there is none, and if
            MLflow itself notes the version with it.
    """

    rpc: str
    source: str
    run_id: str | None
    model_id: str | None
    origin: Origin | None = None


class VersionSources:
    """Tells what is sent as the source of a new model version, and where a version's files are.

    Args:
        get_model_version: Reads a model version by name and version.
        of_workspace: Finds the run behind a source; None if the registry URI names no workspace.
        origins: Where logged models are looked up.
        local_models: Uploads models of this machine.
        tracking_uri: The tracking URI in use.
    """

    def __init__(
        self,
        get_model_version: Callable[[str, str], ModelVersion],
        of_workspace: ModelSources | None,
        *,
        origins: Origins,
        local_models: LocalModels,
        tracking_uri: str | None,
    ) -> None:
        self._get_model_version = get_model_version
        self._of_workspace = of_workspace
        self._origins = origins
        self._local_models = local_models
        self._tracking_uri = tracking_uri

    def for_new_version(
        self,
        name: str,
        source: str,
        run_id: str | None,
        model_id: str | None,
        *,
        is_prompt: bool = False,
    ) -> NewVersionSource:
        """Return what is sent when a model version is made.

        If the source is in a run of the workspace, that is ``runs:/<run id>/<path>``, and the
        request goes to the workspace, as those of the platform's own clients do.
        [aidp-python-client 5.1.1] As in MLflow, a version without a run has that of its logged
        model.

        Args:
            name: The registered model.
            source: The source that MLflow passes.
            run_id: The run that made the model, or None.
            model_id: The logged model that the version is made of, or None.
            is_prompt: Whether the version is one of a prompt, whose source is only a word.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` for a model version that is not there, and
                for a logged model that the tracking store in use, if it is this package's, does not
                have; ``INVALID_PARAMETER_VALUE`` for a path of this machine that is not uploaded,
                and as :py:func:`check_source` says.
        """
        check_source(source)
        source, model_id = to_platform(source), model_id or None
        copied = _COPY_SOURCE.fullmatch(source)
        if copied:
            self._get_model_version(copied["name"], copied["version"])
            return NewVersionSource("CreateModelVersion", source, run_id or None, model_id)
        named = model_id or _logged_model_id(source)
        is_ours = (self._tracking_uri or "").startswith(f"{SCHEME}://")
        origin = None
        if model_id and not is_noted_by_mlflow():
            origin = self._origins.read(model_id)
        run_id = run_id or _run_of(named) or _run_of_origin(origin)
        sent = self._of_run(source, run_id, model_id, origin)
        if sent is not None:
            return sent
        if is_of_this_machine(source) and not is_prompt:
            return self._uploaded(name, source)
        if named and origin is None and is_ours:
            # A version of a logged model that is not there could never be loaded.
            read = self._origins.read(named)
            run_id = run_id or _run_of_origin(read)
        return NewVersionSource("CreateModelVersion", source, run_id, model_id, origin)

    def _uploaded(self, name: str, source: str) -> NewVersionSource:
        """Upload a model of this machine, and return what is sent for it."""
        model = self._local_models.upload(name, source)
        origin = self._origins.of_workspace(model)
        source, run_id = f"models:/{model.model_id}", model.source_run_id
        sent = self._of_run(source, run_id, model.model_id, origin)
        return sent or NewVersionSource(
            "CreateModelVersion", source, run_id, model.model_id, origin
        )

    def _of_run(
        self, source: str, run_id: str | None, model_id: str | None, origin: Origin | None
    ) -> NewVersionSource | None:
        """Return what is sent for a source in a run of the workspace; None for another one."""
        of_run = self._of_workspace.find(source, run_id) if self._of_workspace else None
        if of_run is None:
            return None
        return NewVersionSource(
            "CreateWorkspaceModelVersion", of_run.source, run_id or of_run.run_id, model_id, origin
        )

    def download_uri(self, name: str, version: str) -> str:
        """Return where the files of a model version are; those of a copy are the first version's.

        As in MLflow, a source ``runs:/<run id>/<path>`` is returned as it is, whoever has the run.
        For a logged model, ``models:/<model id>``, it is the location that the tracking server
        names: MLflow's server can serve its own artifacts only by that.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST`` for a copy whose origin was renamed or
                deleted.
        """
        source = str(self._get_model_version(name, version).source or "")
        for _ in range(_LONGEST_CHAIN):
            copied = _COPY_SOURCE.fullmatch(source)
            if copied is None:
                return source if source.startswith(_RUNS) else to_mlflow(self._resolve(source))
            source = self._source_of_origin(name, version, copied["name"], copied["version"])
        raise error(
            "INVALID_STATE",
            f"The copies that version {version} of {name!r} comes from make a circle.",
            "Register the model again from where its artifacts are.",
        )

    def _resolve(self, source: str) -> str:
        """Return the location of a logged model, or another source as it is."""
        location = self._of_workspace.resolve(source) if self._of_workspace else source
        return self._location_of_logged_model(source) if location == source else location

    def _location_of_logged_model(self, source: str) -> str:
        model_id = _logged_model_id(source)
        if model_id is None:
            return source
        try:
            return str(self._origins.tracking().get_logged_model(model_id).artifact_location)
        except MlflowException:
            return source  # It may be known to the tracking server of whoever downloads it.

    def _source_of_origin(self, name: str, version: str, origin: str, of_version: str) -> str:
        problem = None
        try:
            return str(self._get_model_version(origin, of_version).source or "")
        except MlflowException as caught:
            problem = caught
        raise error(
            problem.error_code,
            f"Version {version} of {name!r} is a copy of version {of_version} of {origin!r}, which "
            f"cannot be read, and may have been renamed or deleted: {problem.message}",
            "Register the copy again from where its artifacts are.",
        )


def check_source(source: object) -> None:
    """Refuse what MLflow's server refuses as the source of a model version, whoever has its files.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for what is no text, for ``..`` in a path, for
            ``runs:/`` without a path, and for ``models:/`` without a version or a model id;
            ``RESOURCE_DOES_NOT_EXIST`` for an alias or a stage instead of a version.
            [MLflow, ``_validate_source_run``]
    """
    if not isinstance(source, str):
        raise _bad_source(source, "It is no text")
    if source.startswith(_RUNS) and not _RUN_SOURCE.fullmatch(source):
        raise _bad_source(source, "It names no path in a run: runs:/<run id>/<path>")
    is_of_model = _COPY_SOURCE.fullmatch(source) or _LOGGED_MODEL.fullmatch(source)
    if source.startswith(_MODELS) and not is_of_model:
        names_model = re.search("[/@]", source[len(_MODELS) :])
        raise _bad_source(
            source,
            "It is neither models:/<name>/<version> nor models:/<logged model id>",
            code="RESOURCE_DOES_NOT_EXIST" if names_model else "INVALID_PARAMETER_VALUE",
        )
    if not is_of_this_machine(source) and ".." in _unquoted(source).split("/"):
        raise _bad_source(source, "Its path leads upwards, by '..'")


def _bad_source(
    source: object, why: str, *, code: str = "INVALID_PARAMETER_VALUE"
) -> MlflowException:
    return error(
        code,
        f"The source {source!r} of the model version cannot be used. {why}.",
        "Pass where the model was logged, such as its model_uri.",
    )


def _unquoted(text: str) -> str:
    while (unquoted := unquote(text)) != text:
        text = unquoted
    return text


def _logged_model_id(source: str) -> str | None:
    logged = _LOGGED_MODEL.fullmatch(source)
    return logged["id"] if logged else None


def _run_of_origin(origin: Origin | None) -> str | None:
    return origin.model.source_run_id if origin else None


def _run_of(model_id: str | None) -> str | None:
    """Return the run that the id of a logged model names, if it names one."""
    parsed = ModelId.parse(model_id)
    return parsed.run_id if parsed else None
