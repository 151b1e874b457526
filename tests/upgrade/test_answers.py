"""What an earlier release left on the platform is read as that release read it."""

from __future__ import annotations

import json
import math
import re
import sys

import mlflow
import pytest

from tests.upgrade.answers import ANSWERS
from tests.upgrade.record import COPY, IRIS, OTHER_WORKSPACE, SECOND_COPY

#: Answers of a release that were wrong, which nobody has to give again. Release, then the place in
#: ``answers.json``.
KNOWN_FAULTS = {
    # A version that a client without a workspace stored as runs:/<run>/<name of a logged model> is
    # looked for in a folder of that name, and not in that of the logged model.
    "0.1.0": [("files_of_model_versions", "main.default.iris/14")]
}

#: Texts that 0.1.0 gave as None if there was no value. MLflow's REST client gives "".
TEXTS = ("description", "run_id", "run_link", "deployment_job_id")
TEXTS_OF_LOGGED_MODELS = ("model_type", "source_run_id", "status_message")


def as_json(value):
    """As the recording has it: tuples are lists, and keys are texts."""
    return json.loads(json.dumps(value))


def without_faults(left, answers):
    """Answers but for those that were wrong."""
    for *parents, last in KNOWN_FAULTS.get(left.data.name, ()):
        place = answers
        for parent in parents:
            place = place.get(parent, {})
        place.pop(last, None)
    return answers


def as_today(answers):
    """What 0.1.0 answered, as it is answered today."""
    for model in answers.get("registered_models", {}).values():
        for entity in (model, *model["latest_versions"].values()):
            fill_texts(entity)
    versions = answers.get("model_versions", {})
    for version in versions.values():
        fill_texts(version)
        # 0.1.0 gave the location, if the tracking store in use had the run.
        source = version["source"]
        while source.startswith("models:/main.") and source.removeprefix("models:/") in versions:
            source = versions[source.removeprefix("models:/")]["source"]
        if source.startswith("runs:/"):
            version["download_uri"] = source
    for model in answers.get("logged_models", {}).values():
        fill_texts(model, TEXTS_OF_LOGGED_MODELS)
    return finite(answers)


def fill_texts(entity, texts=TEXTS):
    entity |= {name: entity[name] or "" for name in texts if name in entity}


def finite(answer):
    """An answer with the largest number for infinity, as MLflow's servers keep it."""
    if isinstance(answer, dict):
        return {name: finite(value) for name, value in answer.items()}
    if isinstance(answer, list):
        return [finite(value) for value in answer]
    if answer in ("inf", "-inf", math.inf, -math.inf):
        number = math.copysign(sys.float_info.max, float(answer))
        return repr(number) if isinstance(answer, str) else number
    return answer


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_is_the_recorded_one(left, client, name):
    answered = without_faults(left, {name: as_json(ANSWERS[name](client))})
    assert answered[name] == without_faults(left, as_today(left.read("answers.json")))[name]


def test_a_registry_uri_without_a_workspace_answers_the_same(left):
    # The places of runs are found by the tracking URI; everything else needs no workspace.
    client = mlflow.MlflowClient(left.tracking_uri, left.uri)
    for name in ("registered_models", "aliases", "prompts"):
        assert as_json(ANSWERS[name](client)) == as_today(left.read("answers.json"))[name]


def test_a_deleted_logged_model_is_gone(left, client):
    with pytest.raises(mlflow.exceptions.MlflowException) as caught:
        client.get_logged_model(left.read("made.json")["models"]["gone"])
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize(
    "uri",
    [
        f"models:/{IRIS}/1",
        f"models:/{IRIS}/2",
        f"models:/{IRIS}@champion",
        f"models:/{IRIS}@in-volume",
        f"models:/{IRIS}/Production",
        f"models:/{IRIS}/13",  # stored as models:/m-<run>-<8 hex>
        f"models:/{IRIS}/14",  # stored as runs:/<run>/<name of a logged model>
        f"models:/{COPY}/1",
        f"models:/{COPY}/3",
        f"models:/{SECOND_COPY}@champion",
        "models:/{models[model]}",
        "models:/{models[scheme]}",
        "runs:/{runs[first]}/model",
    ],
)
@pytest.mark.filterwarnings("ignore:.*stages:FutureWarning")
def test_a_model_is_loaded_and_predicts(left, client, uri):
    model = mlflow.pyfunc.load_model(uri.format(**left.read("made.json")))
    assert model.predict([1, 2]) == [2, 4]


def test_another_workspace_has_its_own_runs(left):
    other = mlflow.MlflowClient(f"{left.uri}/{OTHER_WORKSPACE}", left.uri)
    (experiment,) = other.search_experiments(filter_string="name = 'flowers'")
    (run,) = other.search_runs([experiment.experiment_id])
    assert (run.info.run_name, run.info.status, run.data.params) == (
        "apart",
        "FINISHED",
        {"depth": "5"},
    )


# That the recording holds what these tests are for


def test_the_recording_has_every_kind_of_id_and_source(left):
    sources = {
        version["source"] for version in left.read("answers.json")["model_versions"].values()
    }
    for form in (
        r"oci://.+",
        r"s3://.+",
        r"/Volumes/.+",
        r"aidp:/Volumes/.+",
        r"runs:/[0-9a-f]{32}/model\.[0-9a-f]{8}",
        r"runs:/[0-9a-f]{32}/model",
        r"runs:/[0-9a-f]{32}/folder",
        r"models:/m-[0-9a-f]{32}-[0-9a-f]{8}",
        r"models:/main\.default\.iris/\d+",
        r"models:/main\.default\.copy/\d+",
    ):
        assert [source for source in sources if re.fullmatch(form, source)], form
    models = left.read("answers.json")["logged_models"]
    assert {model["status"] for model in models.values()} == {"READY", "FAILED", "PENDING"}
    runs = [re.fullmatch(r"m-([0-9a-f]{32})-[0-9a-f]{8}", model_id) for model_id in models]
    owners = [match[1] for match in runs if match]
    assert max(owners.count(owner) for owner in owners) >= 4
    names = left.read("answers.json")["runs"]
    assert "alone" in {names[owner]["name"] for owner in owners}


def test_the_recording_keeps_models_and_aliases_as_tags(left):
    workspaces = "".join(
        path.read_text(encoding="utf-8") for path in (left.data / "folder").glob("workspace-*.sql")
    )
    for part in ("", ".status", ".params.", ".tag.", ".metric."):
        assert re.search(
            rf"'mlflow_oci_aidp\.logged_model\.[0-9a-f]{{8}}{re.escape(part)}", workspaces
        ), part
    for name in ("logged_models", "model_input.m-", "model_output.m-"):
        assert f"'mlflow_oci_aidp.{name}" in workspaces
    registry = (left.data / "folder" / "registry.sql").read_text(encoding="utf-8")
    assert "'mlflow_oci_aidp.alias.champion','2'" in registry


def test_the_recording_has_no_key(left):
    for path in left.data.rglob("*"):
        if path.is_file():
            assert b"PRIVATE KEY" not in path.read_bytes(), path
            assert path.name not in ("config", "api_key.pem", "token_issuer_key.pem")
