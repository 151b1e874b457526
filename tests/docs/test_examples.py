"""The examples do what they say: the scripts, and the notebook by Jupyter's own client."""

from __future__ import annotations

import functools
import os
import runpy
import sys
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow.exceptions import RestException

from mlflow_oci_aidp.emulator.state.databases import empty_tracking_database

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
NAME = "main.default.iris"


@pytest.fixture
def environ(aidp, tracking_file, tmp_path, monkeypatch):
    """The settings of a user's shell: the emulator as registry, a tracking store elsewhere."""
    monkeypatch.chdir(tmp_path)
    for name, value in {**aidp.environ, "MLFLOW_TRACKING_URI": tracking_file.uri}.items():
        monkeypatch.setenv(name, value)
    mlflow.set_tracking_uri(None)
    return os.environ


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs a script as `python script.py arguments` does, and returns what it prints.

    MLflow is not imported a second time.
    """

    def call(script, *arguments, status=0):
        monkeypatch.setattr(sys, "argv", [script, *arguments])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(EXAMPLES / script), run_name="__main__")
        printed = "".join(capsys.readouterr())
        assert ended.value.code == status, printed
        return printed

    return call


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda script: script.name)
def test_the_page_includes_each_script(script):
    page = (EXAMPLES.parent / "docs" / "examples.md").read_text(encoding="utf-8")
    assert f'--8<-- "examples/{script.name}"\n' in page


# --- training


@pytest.fixture
def train(run, environ, aidp, monkeypatch):
    """Trains with the tracking URI alone, as the script says, and returns what it prints."""
    pytest.importorskip("sklearn")
    monkeypatch.delenv("MLFLOW_REGISTRY_URI")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", aidp.tracking_uri)
    yield functools.partial(run, "train_and_register.py", NAME, "--strength", "1")
    mlflow.sklearn.autolog(disable=True)


def test_training_registers_and_promotes_what_is_good_enough(train, client):
    assert f"{NAME} version 1: accuracy 0.97" in (printed := train())
    assert f"{NAME}@champion predicts virginica, versicolor, setosa" in printed
    assert aliases(client) == {"champion": "1"}


def test_training_promotes_nothing_that_is_not(train, client):
    assert "below 1: not promoted" in train("--accuracy", "1", status=1)
    assert aliases(client) == {}


# --- a run elsewhere


@pytest.fixture
def run_id(environ):
    """A run with a model and a metric."""
    dummy = (
        pytest.importorskip("sklearn.dummy")
        .DummyClassifier(strategy="constant", constant=7)
        .fit([[0.0]], [7])
    )
    with mlflow.start_run() as active:
        mlflow.log_metric("accuracy", 0.97)
        mlflow.sklearn.log_model(dummy, name="model", pip_requirements=["scikit-learn"])
    return active.info.run_id


def test_a_run_elsewhere_becomes_a_version_that_loads(run, run_id):
    assert f"{NAME} version 1: accuracy 0.97" in run("register_from_run_elsewhere.py", run_id, NAME)
    assert list(mlflow.pyfunc.load_model(f"models:/{NAME}/1").predict([[0.0]])) == [7]


def test_a_version_says_where_it_comes_from(run, run_id, environ):
    run("register_from_run_elsewhere.py", run_id, NAME)
    version = mlflow.MlflowClient().get_model_version(NAME, "1")
    assert (version.run_id, version.tags["tracking_uri"]) == (
        run_id,
        environ["MLFLOW_TRACKING_URI"],
    )


# --- promotion


@pytest.fixture
def versions(client, environ):
    """Three versions: the first and the third are validated."""
    client.create_registered_model(NAME)
    for tags in ({"validated": "yes"}, {}, {"validated": "yes"}):
        client.create_model_version(NAME, "runs:/0/model", tags=tags)
    return client


def aliases(client, name=NAME):
    return client.get_registered_model(name).aliases


def test_promotion_takes_the_latest_version(run, versions):
    assert "champion: version none -> 3" in run(
        "promote_by_alias.py", NAME, "--require", "validated=yes"
    )
    assert aliases(versions) == {"champion": "3"}


def test_promotion_keeps_the_version_before_and_goes_back_to_it(run, versions):
    run("promote_by_alias.py", NAME, "--version", "1")
    run("promote_by_alias.py", NAME, "--version", "3")
    assert aliases(versions) == {"champion": "3", "previous": "1"}
    run("promote_by_alias.py", NAME, "--version", "previous")
    assert aliases(versions) == {"champion": "1", "previous": "3"}


def test_promotion_of_a_version_that_lacks_a_tag_changes_nothing(run, versions):
    arguments = ("promote_by_alias.py", NAME, "--version", "2", "--require", "validated=yes")
    assert "version 2 lacks validated=yes: not promoted" in run(*arguments, status=1)
    assert aliases(versions) == {}


def test_promotion_twice_changes_nothing_the_second_time(run, versions, aidp):
    run("promote_by_alias.py", NAME)
    aidp.exchanges.clear()
    assert "is version 3 already" in run("promote_by_alias.py", NAME)
    assert {exchange.verb for exchange in aidp.exchanges} == {"GET"}


# --- copying


@pytest.fixture
def source(environ, tmp_path):
    """Another registry with two models.

    One has a gap in its versions, tags, stages and aliases.
    """
    (tmp_path / "source.db").write_bytes(empty_tracking_database())
    uri = f"sqlite:///{tmp_path}/source.db"
    client = mlflow.MlflowClient(registry_uri=uri)
    client.create_registered_model("iris", tags={"team": "ml"}, description="Flowers")
    for number in range(3):
        client.create_model_version(
            "iris",
            f"s3://bucket/{number + 1}",
            tags={"try": str(number + 1)},
            description=f"Try {number + 1}",
        )
    client.delete_model_version("iris", "2")
    client.transition_model_version_stage("iris", "1", "Production")
    client.set_registered_model_alias("iris", "champion", "3")
    client.create_registered_model("empty")
    return uri


# Rolling forward


@pytest.fixture
def rents(environ, aidp, tmp_path, monkeypatch):
    """A file of data, and three versions of which the second one is worse."""
    from sklearn.linear_model import LinearRegression

    monkeypatch.setenv("MLFLOW_TRACKING_URI", aidp.tracking_uri)
    monkeypatch.delenv("MLFLOW_REGISTRY_URI")
    monkeypatch.setenv("COMPUTE_KEY", "c")
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)
    frame = pd.DataFrame({"rooms": [1.0, 2.0, 3.0], "rent": [400.0, 800.0, 1200.0]})
    for factor in (0.9, 0.5, 1.0):
        model = LinearRegression().fit(frame[["rooms"]], frame["rent"] * factor)
        with mlflow.start_run():
            mlflow.sklearn.log_model(
                model, name="model", registered_model_name=NAME, pip_requirements=[]
            )
    file = tmp_path / "rents.csv"
    frame.to_csv(file, index=False)

    def point(version):
        mlflow.MlflowClient().set_registered_model_alias(NAME, "candidate", version)

    return file, point


def test_a_worse_version_is_rolled_back(run, rents, aidp):
    file, point = rents
    outputs = []
    for version, status in ((1, 0), (2, 1), (3, 0)):
        point(version)
        outputs.append(
            run("roll_forward.py", "rent", NAME, "candidate", str(file), "rent", status=status)
        )
    assert "rent is new" in outputs[0]
    assert "rent is back at 1" in outputs[1]
    assert "rent serves candidate" in outputs[2]
    (row,) = aidp.deployments._store.rows("deployments")
    assert row["deployment_targets"][0]["model_version"] == "3"


@pytest.fixture
def copy(run, source):
    """Copies that registry, and returns what it prints."""
    return functools.partial(run, "copy_models.py", source, "--prefix", "main.default.")


def test_a_copy_keeps_what_the_registered_model_has(copy, client):
    copy()
    model = client.get_registered_model(NAME)
    assert (model.description, model.tags, model.aliases) == (
        "Flowers",
        {"team": "ml"},
        {"champion": "2"},
    )


def test_a_copy_keeps_what_the_versions_have(copy, client):
    copy()
    copies = [client.get_model_version(NAME, number) for number in "12"]
    assert [(version.source, version.description, version.current_stage) for version in copies] == [
        ("s3://bucket/1", "Try 1", "Production"),
        ("s3://bucket/3", "Try 3", "None"),
    ]
    assert copies[1].tags == {"try": "3", "copied_from": "iris/3"}


def test_a_model_without_versions_is_copied_too(copy, client):
    copy()
    assert client.get_registered_model("main.default.empty").latest_versions == []


def test_copying_twice_copies_nothing_twice(copy, aidp):
    copy()
    aidp.exchanges.clear()
    assert "2 models, 0 versions copied, 2 there before" in copy()
    changed = {
        exchange.operation
        for exchange in aidp.exchanges
        if exchange.verb == "POST" and exchange.status == 200
    }
    assert changed == set()


def test_copying_goes_on_after_an_interruption(copy, aidp, client):
    aidp.faults.add("status", operation="create_model_version", status=400, after=1)
    with pytest.raises(RestException):
        copy()
    assert "1 versions copied, 1 there before" in copy()
    assert [
        version.tags["try"] for version in client.search_model_versions(f"name = '{NAME}'")
    ] == ["3", "1"]


def test_what_is_new_in_the_source_is_copied_the_next_time(copy, source, client):
    copy()
    mlflow.MlflowClient(registry_uri=source).create_model_version("iris", "s3://bucket/4")
    assert "1 versions copied" in copy()
    assert client.get_model_version(NAME, "3").source == "s3://bucket/4"


def test_a_filter_copies_what_it_names(copy, client):
    assert "1 models" in copy("--filter", "name = 'empty'")


# --- the notebook


def execute(notebook, folder):
    """The text that a notebook's cells print."""
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    read = nbformat.read(EXAMPLES / notebook, as_version=4)
    done = nbclient.NotebookClient(
        read, timeout=200, kernel_name="python3", resources={"metadata": {"path": folder}}
    )
    cells = done.execute().cells
    return [
        output["text"]
        for cell in cells
        for output in cell.get("outputs", ())
        if output.get("name") == "stdout"
    ]


def test_the_notebook_registers_promotes_and_loads(environ, aidp, tmp_path):
    printed = execute("register_and_promote.ipynb", str(tmp_path))
    assert printed[0].strip() == f"aidp://{aidp.ai_data_platform_id}"
    assert printed[-1].strip() == "['setosa' 'versicolor' 'virginica']"
    assert "create_model_version" in {exchange.operation for exchange in aidp.exchanges}


def test_the_notebook_starts_an_emulator_where_no_platform_is_named(
    environ, aidp, tmp_path, monkeypatch
):
    for name in aidp.environ:
        monkeypatch.delenv(name)
    assert "'champion': '1'" in "".join(execute("register_and_promote.ipynb", str(tmp_path)))
    assert not list(aidp.exchanges)
