"""Record what a release leaves behind, for the tests of the releases after it.

``README.md`` in this folder says how to run it.

Everything is made by the release's own client on its own emulator: MLflow's API where MLflow has
one, and Oracle's SDK for what other clients of the platform write.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import math
import os
import pickle
import pickletools
import re
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"

import mlflow
import oci
from aidp_python_client import aidataplatform_dp as sdk
from click.testing import CliRunner
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelParameter,
    Metric,
    Param,
    RunTag,
)
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

import mlflow_oci_aidp
from mlflow_oci_aidp.cli import main as command_line
from mlflow_oci_aidp.emulator import Emulator
from mlflow_oci_aidp.registry.store import AidpRegistryStore
from mlflow_oci_aidp.tracking.store import AidpTrackingStore
from tests.upgrade import answers, folder

IRIS, COPY, SECOND_COPY = "main.default.iris", "main.default.copy", "main.default.copy_of_copy"
RENAMED, PROMPT = "main.default.renamed", "greeting"
VOLUME = "/Volumes/main/default/artifacts"
OTHER_WORKSPACE = "second"

#: A model in code, not in a pickle: every version of Python loads it.
CODE = """import mlflow


class Doubler(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [2 * value for value in model_input]


mlflow.models.set_model(Doubler())
"""


#: In the place of what MLflow says about the machine of the recording.
NOBODY = {
    "mlflow.user": "somebody",
    "mlflow.source.name": "train.py",
    "mlflow.source.type": "LOCAL",
    "mlflow.source.git.commit": "0" * 40,
}


class Recording:
    """One emulator, the clients that fill it, and what they made.

    Args:
        aidp: The emulator; MLflow's environment names it already.
    """

    def __init__(self, aidp: Emulator) -> None:
        self.aidp = aidp
        # Settings come from the environment: what is recorded names no port and no path of a
        # machine.
        self.uri = f"aidp://{aidp.ai_data_platform_id}"
        self.tracking_uri = f"{self.uri}/{aidp.workspace_key}"
        mlflow.set_tracking_uri(self.tracking_uri)
        mlflow.set_registry_uri(self.tracking_uri)
        self.client = mlflow.MlflowClient()
        self.store = AidpTrackingStore(self.tracking_uri)
        config = oci.config.from_file(aidp.config_file)
        self.sdk = sdk.MLOpsClient(config, service_endpoint=aidp.endpoint)
        self.runs: dict[str, str] = {}
        self.models: dict[str, str] = {}

    def fill(self) -> None:
        """Make everything."""
        self.experiments()
        self.plain_runs()
        self.logged_models()
        self.registry()
        self.copies()
        self.prompts()
        self.other_workspace()

    def experiments(self) -> None:
        """Make experiments with each kind of location, a renamed and a deleted one."""
        create = self.client.create_experiment
        self.flowers = create("flowers", tags={"team": "ml", "größe": "5 µm"})
        self.in_volume = create("in a volume", artifact_location=f"{VOLUME}/runs")
        self.by_scheme = create(
            "in a volume by scheme", artifact_location=f"aidp:{VOLUME}/by-scheme"
        )
        self.elsewhere = create(
            "elsewhere", artifact_location="oci://aidp-emulator@emulator/else where/é"
        )
        self.client.rename_experiment(create("first name"), "second name")
        self.client.delete_experiment(create("deleted"))

    def run(self, name: str, experiment: str, status: str | None = "FINISHED", **tags: str) -> str:
        """Make a run with a text file among its artifacts, and end it unless ``status`` is None."""
        run_id = self.client.create_run(experiment, run_name=name, tags=tags).info.run_id
        self.client.log_text(run_id, f"notes of {name}\n", "notes.txt")
        if status:
            self.client.set_terminated(run_id, status)
        self.runs[name] = run_id
        return run_id

    def plain_runs(self) -> None:
        """Make runs with parameters, metrics, tags, inputs and artifacts, in each state."""
        first = self.run("first", self.flowers, None, team="ml", note="line one\nline two")
        for step, value in enumerate((0.5, 0.25, 0.125)):
            self.client.log_metric(first, "loss", value, timestamp=1_000 + step, step=step)
        self.client.log_batch(
            first,
            [
                Metric("odd", math.nan, 2_000, -1),
                Metric("most", 1.7976931348623157e308, 2_001, 0),
                Metric("zero", -0.0, 2_002, 0),
            ],
            [Param("depth", "3"), Param("long", "x" * 600), Param("unicode", "日本語 🦉")],
            [RunTag("batch", "yes")],
        )
        dataset = Dataset(
            "iris", "abc123", "local", json.dumps({"uri": "iris.csv"}), "{}", '{"rows": 150}'
        )
        self.client.log_inputs(
            first, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])]
        )
        with tempfile.TemporaryDirectory() as place:
            for name, content in {
                "plain.txt": b"plain\n",
                "empty": b"",
                "bytes.bin": bytes(range(256)),
                "deep/er/na\u00efve \u2603.txt": b"below\n",
            }.items():
                path = Path(place) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            self.client.log_artifacts(first, place, "folder")
        self.client.set_terminated(first, "FINISHED", 5_000)
        self.run("child", self.flowers, "FAILED", **{"mlflow.parentRunId": first})
        self.run("running", self.flowers, None)
        self.run("killed", self.elsewhere, "KILLED")
        self.client.delete_run(self.run("deleted", self.flowers))
        self.run("volume", self.in_volume)
        self.run("scheme", self.by_scheme)

    def log_model(self, key: str, run: str, **options: Any) -> str:
        """Log a model of code in a run through MLflow, and return its id."""
        with tempfile.TemporaryDirectory() as place:
            before = Path.cwd()
            os.chdir(place)
            Path("model.py").write_text(CODE)
            try:
                with mlflow.start_run(self.runs[run]):
                    # Requirements are given: MLflow would load the model in another process to find
                    # them.
                    info = mlflow.pyfunc.log_model(
                        python_model="model.py", pip_requirements=[], tags=NOBODY, **options
                    )
            finally:
                os.chdir(before)
        self.models[key] = info.model_id
        return str(info.model_id)

    def logged_models(self) -> None:
        """Make logged models.

        Several on a run, in each state, and without a run; and others that the platform lists.
        """
        first, child, create = (
            self.runs["first"],
            self.runs["child"],
            self.client.create_logged_model,
        )
        self.log_model("model", "first", name="model", params={"depth": "3"}, model_type="tree")
        self.log_model(
            "again", "first", name="model", params={"depth": "4"}, registered_model_name=IRIS
        )
        self.log_model("volume", "volume", name="in the volume")
        self.log_model("scheme", "scheme", name="by scheme")
        pending = create(
            self.flowers, "pending", first, tags={"team": "ml", "größe": "µ"}, model_type="tree"
        )
        failed = create(
            self.flowers, "odd-model+1 (ä)", first, params={"long": "日x" * 4_000, "depth": "3"}
        )
        self.store.log_logged_model_params(failed.model_id, [LoggedModelParameter("later", "1")])
        self.client.finalize_logged_model(failed.model_id, "FAILED")
        alone = create(self.flowers, "alone", tags={"team": "ml"}, params={"depth": "9"})
        self.client.finalize_logged_model(alone.model_id, "READY")
        waiting = create(self.flowers, "alone and pending")
        gone = create(self.flowers, "deleted", first)
        self.client.delete_logged_model(gone.model_id)
        self.models |= {
            "pending": pending.model_id,
            "failed": failed.model_id,
            "alone": alone.model_id,
        }
        self.models |= {"waiting": waiting.model_id, "gone": gone.model_id}
        self.client.set_logged_model_tags(self.models["model"], {"team": "ml", "season": "spring"})
        self.client.delete_logged_model_tag(self.models["model"], "season")
        for value, timestamp, data in ((0.25, 10, "train"), (0.75, 20, "train"), (0.5, 15, "test")):
            metric = Metric(
                "score", value, timestamp, timestamp, self.models["model"], data, f"digest-{data}"
            )
            self.client.log_batch(first, [metric])
        self.client.log_batch(child, [Metric("score", 0.375, 30, 1, self.models["again"])])
        self.client.log_batch(child, [Metric("odd", math.nan, 31, 1, self.models["again"])])
        self.store.log_inputs(child, models=[LoggedModelInput(self.models["model"])])
        self.store.log_outputs(child, [LoggedModelOutput(self.models["pending"], 7)])
        self.aidp.workspace().seed_logged_model(
            data={"params": [{"key": "depth", "value": "3"}]},
            model_id="m-00000000000000000000000000000001",
            experiment_id=self.flowers,
            name="of the platform",
            artifact_uri="oci://aidp-emulator@emulator/models/m-1",
            creation_timestamp_ms=1_700_000_000_000,
            last_updated_timestamp_ms=1_700_000_000_001,
            status="LOGGED_MODEL_READY",
            tags=[{"key": "team", "value": "ml"}],
        )

    def registry(self) -> None:
        """Make registered models, and a version with each spelling of a source."""
        first, models, client = self.runs["first"], self.models, self.client
        location = client.get_run(first).info.artifact_uri
        # The first version was made when the model was logged.
        sources = {
            "the id of a logged model": f"models:/{models['model']}",
            "the name of a logged model": f"runs:/{first}/model",
            "a folder of a run": f"runs:/{first}/folder/deep",
            "a folder of a run, by its place": f"{location}/folder",
            "Object Storage": "oci://aidp-emulator@emulator/shared/model",
            "another store": "s3://bucket/model",
            "a volume": f"{VOLUME}/shared/model",
            "a volume by scheme": f"aidp:{VOLUME}/shared/model",
            "a volume by scheme and authority": f"aidp://{VOLUME}/shared/model",
            "a logged model in a volume": f"models:/{models['volume']}",
            "a logged model in a volume, by scheme": f"models:/{models['scheme']}",
        }
        for description, source in sources.items():
            run_id = first if source.startswith(location) else None
            client.create_model_version(
                IRIS, source, run_id, {"of": description}, None, description
            )
        # A registry URI without a workspace sends sources of runs and logged models as they are.
        without_workspace = AidpRegistryStore(self.uri, self.tracking_uri)
        for source in (
            f"models:/{models['model']}",
            f"runs:/{first}/model",
            f"runs:/{first}/folder",
        ):
            without_workspace.create_model_version(IRIS, source, description="without a workspace")
        # Other clients of the platform write what this one would not.
        for source in (
            f"aidp:{VOLUME}/shared/model",
            f"runs:/{'0' * 32}/model",
            "models:/m-of-another-store",
        ):
            details = sdk.models.CreateModelVersionDetails(
                name=IRIS, source=source, description="by another client"
            )
            self.sdk.create_model_version(self.aidp.ai_data_platform_id, details)
        with tempfile.TemporaryDirectory() as place:
            (Path(place) / "shared.txt").write_text("shared\n")
            for shared in (
                "oci://aidp-emulator@emulator/shared/model",
                f"aidp:{VOLUME}/shared/model",
            ):
                get_artifact_repository(shared).log_artifacts(place)
        client.update_registered_model(IRIS, "Flowers, by sepals.\nÜber Blüten.")
        client.set_registered_model_tag(IRIS, "team", "ml")
        client.set_model_version_tag(IRIS, "2", "reviewed", "yes")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # MLflow calls stages deprecated.
            for version, stage in (("1", "Archived"), ("2", "Production"), ("3", "Staging")):
                client.transition_model_version_stage(IRIS, version, stage)
        versions = client.search_model_versions(f"name = '{IRIS}'")
        deleted = max(versions, key=lambda version: int(version.version)).version
        client.create_model_version(IRIS, "s3://bucket/deleted")
        for alias, version in (
            ("champion", "2"),
            ("Best-of_2024", "2"),
            ("challenger", "3"),
            ("in-volume", "11"),
        ):
            client.set_registered_model_alias(IRIS, alias, version)
        client.set_registered_model_alias(IRIS, "moved", "3")
        client.set_registered_model_alias(IRIS, "moved", "4")
        client.set_registered_model_alias(IRIS, "removed", "4")
        client.delete_registered_model_alias(IRIS, "removed")
        client.set_registered_model_alias(IRIS, "of-deleted", str(int(deleted) + 1))
        client.delete_model_version(IRIS, str(int(deleted) + 1))
        AidpRegistryStore(self.uri).create_registered_model(
            "main.default.empty", None, "No versions", "job-1"
        )
        client.create_registered_model("main.default.first_name")
        client.create_model_version("main.default.first_name", f"runs:/{first}/model")
        client.set_registered_model_alias("main.default.first_name", "kept", "1")
        client.rename_registered_model("main.default.first_name", RENAMED)

    def copies(self) -> None:
        """Copy versions, copies, and a version whose registered model gets another name."""
        self.client.copy_model_version(f"models:/{IRIS}/2", COPY)
        self.client.copy_model_version(f"models:/{COPY}/1", SECOND_COPY)
        self.client.copy_model_version(f"models:/{IRIS}/7", COPY)
        self.client.copy_model_version(f"models:/{IRIS}@in-volume", COPY)
        self.client.set_registered_model_alias(SECOND_COPY, "champion", "1")
        self.client.create_registered_model("main.default.origin")
        self.client.create_model_version("main.default.origin", "s3://bucket/origin")
        self.client.copy_model_version("models:/main.default.origin/1", "main.default.orphan")
        self.client.rename_registered_model("main.default.origin", "main.default.origin_renamed")

    def prompts(self) -> None:
        """Register a prompt with two versions and an alias."""
        register = self.client.register_prompt
        register(PROMPT, "Hello {{name}}", commit_message="first", tags={"lang": "en"})
        register(PROMPT, "Hi {{name}}, größe {{size}}", commit_message="second")
        self.client.set_prompt_alias(PROMPT, "live", 1)

    def other_workspace(self) -> None:
        """Make a second workspace with a run."""
        self.aidp.add_workspace(OTHER_WORKSPACE)
        other = mlflow.MlflowClient(f"{self.uri}/{OTHER_WORKSPACE}", self.uri)
        run_id = other.create_run(other.create_experiment("flowers"), run_name="apart").info.run_id
        other.log_param(run_id, "depth", 5)
        other.set_terminated(run_id)

    def pickles(self) -> dict[str, Any]:
        """What users pickle: stores, repositories, and entities that stores answered."""
        first, client = self.runs["first"], self.client
        registry = AidpRegistryStore(self.tracking_uri, self.tracking_uri)
        place = client.get_run(first).info.artifact_uri
        in_volume = client.get_run(self.runs["volume"]).info.artifact_uri
        return {
            "tracking store": self.store,
            "registry store": registry,
            "registry store without a workspace": AidpRegistryStore(self.uri),
            "repository of Object Storage": get_artifact_repository(place),
            "repository of a volume": get_artifact_repository(in_volume),
            "model version": registry.get_model_version(IRIS, "2"),
            "model version by alias": registry.get_model_version_by_alias(IRIS, "champion"),
            "page of model versions": registry.search_model_versions(
                f"name = '{IRIS}'", max_results=5
            ),
            "registered model": registry.get_registered_model(IRIS),
            "run": self.store.get_run(first),
            "metric history": self.store.get_metric_history(first, "loss"),
            "logged model": self.store.get_logged_model(self.models["model"]),
            "experiment": self.store.get_experiment(self.flowers),
        }


def pickled(value: Any) -> dict[str, Any]:
    """The pickle of a value, and the names in it, which tell readers what the bytes depend on."""
    content = pickle.dumps(value, protocol=4)
    names, texts = set(), []
    for opcode, argument, _ in pickletools.genops(io.BytesIO(content)):
        if isinstance(argument, str):
            texts.append(argument)
        elif opcode.name == "STACK_GLOBAL":
            names.add(".".join(texts[-2:]))
    ours = sorted(name for name in names if name.startswith("mlflow_oci_aidp."))
    return {"names": ours, "pickle": base64.b64encode(content).decode()}


def check_report(uri: str) -> dict[str, Any]:
    """The keys of what ``mlflow-oci-aidp check --json`` prints."""
    report = json.loads(CliRunner().invoke(command_line, ["check", uri, "--json"]).stdout)
    return {
        "report": sorted(report),
        "settings": sorted({key for entry in report["settings"] for key in entry}),
        "checks": sorted({key for entry in report["checks"] for key in entry}),
        "identity": sorted(report["identity"]),
        "names of settings": [entry["name"] for entry in report["settings"]],
        "names of checks": [entry["name"] for entry in report["checks"]],
        "statuses": sorted({entry["status"] for entry in report["checks"]}),
    }


def public_names() -> list[str]:
    """What ``docs/api.md`` documents, by the path that programs import it from."""
    page = Path(__file__).parent.parent.parent / "docs" / "api.md"
    documented = re.findall(r"^::: (\S+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return sorted([*documented, *(f"mlflow_oci_aidp.{name}" for name in mlflow_oci_aidp.__all__)])


def environment(aidp: Emulator) -> dict[str, str]:
    """What a recording and its tests set, so that its URIs name just instance and workspace."""
    # A workspace in the environment would give one to the registry URIs that are to have none.
    return {name: value for name, value in aidp.environ.items() if name != "AIDP_WORKSPACE_KEY"}


def write(path: Path, value: Any) -> None:
    """Write JSON that people can read and Git can compare."""
    path.write_text(
        json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8"
    )


def main() -> int:
    """Record everything below the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Record what a release leaves behind.")
    parser.add_argument(
        "to", type=Path, help="the folder to write to, as tests/upgrade/data/<release>"
    )
    parser.add_argument(
        "--pickles-only",
        action="store_true",
        help="add the pickles of this MLflow to a recording that is there",
    )
    options = parser.parse_args()
    to = options.to.absolute()
    with tempfile.TemporaryDirectory() as scratch:
        data_folder = Path(scratch) / "emulator"
        if options.pickles_only:
            folder.restore(to / "folder", data_folder)
        with Emulator(data_folder) as aidp:
            os.environ.update(environment(aidp))
            recording = Recording(aidp)
            if options.pickles_only:
                recording_of(json.loads((to / "made.json").read_text(encoding="utf-8")), recording)
            else:
                shutil.rmtree(to, ignore_errors=True)
                to.mkdir(parents=True)
                recording.fill()
                made = {
                    "runs": recording.runs,
                    "models": recording.models,
                    "flowers": recording.flowers,
                }
                write(to / "made.json", made)
                write(
                    to / "answers.json",
                    {name: ask(recording.client) for name, ask in answers.ANSWERS.items()},
                )
                write(to / "check.json", check_report(recording.tracking_uri))
                write(to / "public-names.json", public_names())
            _write_pickles(to, recording.pickles)
        if not options.pickles_only:
            folder.dump(data_folder, to / "folder")
    return 0


def recording_of(made: dict[str, Any], recording: Recording) -> None:
    """Take what an earlier recording made, from its file ``made.json``."""
    recording.runs, recording.models, recording.flowers = (
        made["runs"],
        made["models"],
        made["flowers"],
    )


def _write_pickles(to: Path, values: Callable[[], dict[str, Any]]) -> None:
    content = {name: pickled(value) for name, value in values().items()}
    made_by = {"mlflow": mlflow.__version__, "mlflow-oci-aidp": mlflow_oci_aidp.__version__}
    write(
        to / f"pickles-mlflow-{mlflow.__version__}.json", {"made_by": made_by, "pickles": content}
    )


if __name__ == "__main__":
    sys.exit(main())
