"""The commands as a user has them: processes of their own, read by their output and exit status."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import oci
import pytest
import requests
from aidp_python_client.aidataplatform_dp import ml_ops_client, models
from click.testing import CliRunner
from mlflow.exceptions import MlflowException

from mlflow_oci_aidp import __version__
from mlflow_oci_aidp.cli import main, quickstart
from tests.support.environments import broken, environ
from tests.support.workers import once_for_all_workers

COMMAND = (sys.executable, "-m", "mlflow_oci_aidp.cli")
SECONDS_TO_END = 30
NAME = "main.default.iris_classifier"


def run(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=120, **options
    )


# --- the group


@pytest.mark.parametrize("arguments", [[], ["emulator"], ["quickstart"]], ids=" ".join)
def test_help_fits_a_screen(arguments):
    lines = run(*arguments, "--help").stdout.splitlines()

    assert 5 < len(lines) <= 24


def test_help_imports_nothing_heavy():
    program = (
        "import sys; from mlflow_oci_aidp.cli import main; main(['--help'], standalone_mode=False);"
        "sys.exit(sorted({'mlflow', 'oci', 'requests'} & set(sys.modules)) or 0)"
    )

    assert (
        subprocess.run([sys.executable, "-c", program], stdout=subprocess.DEVNULL).returncode == 0
    )


def test_version_is_the_packages():
    assert __version__ in run("--version").stdout


def test_an_unknown_command_is_a_usage_error():
    assert run("serve").returncode == 2


@pytest.fixture
def failing(monkeypatch):
    """The group with a quickstart that raises what it is given."""

    def invoke(error: Exception):
        def raises() -> None:
            raise error

        monkeypatch.setattr(quickstart.command, "callback", raises)
        return CliRunner().invoke(main, ["quickstart"])

    return invoke


def test_an_mlflow_exception_is_one_line_on_stderr(failing):
    result = failing(MlflowException("no such model:\n  main.default.x"))

    assert (result.exit_code, result.stdout, result.stderr) == (
        1,
        "",
        "Error: no such model: main.default.x\n",
    )


def test_a_defect_keeps_its_traceback(failing):
    assert isinstance(failing(ZeroDivisionError()).exception, ZeroDivisionError)


# --- emulator


@dataclass
class Served:
    """An emulator process, and the environment that its export lines make."""

    process: subprocess.Popen[str]
    printed: str
    environ: dict[str, str]

    @property
    def instance_id(self) -> str:
        return self.environ["AIDP_INSTANCE_ID"]

    def sdk(self) -> ml_ops_client.MLOpsClient:
        config = oci.config.from_file(
            self.environ["OCI_CLI_CONFIG_FILE"], self.environ["OCI_CLI_PROFILE"]
        )
        return ml_ops_client.MLOpsClient(config, service_endpoint=self.environ["AIDP_ENDPOINT"])

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(SECONDS_TO_END)


@contextmanager
def serving(data_dir: Path, *options: str) -> Iterator[Served]:
    """As in ``mlflow-oci-aidp emulator > aidp.env &`` and ``. ./aidp.env``, with a real shell."""
    exports = data_dir.parent / "aidp.env"
    with exports.open("w") as stdout:
        process = subprocess.Popen(
            [*COMMAND, "emulator", "--data-dir", str(data_dir), *options],
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )
    try:
        lines = iter(process.stderr.readline, "")
        told = next((line for line in lines if line.startswith("Serving")), None)
        assert told, f"ended with {process.wait(SECONDS_TO_END)}"
        yield Served(process, exports.read_text() + told, sourced(exports))
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def sourced(exports: Path) -> dict[str, str]:
    dump = (
        f"{shlex.quote(sys.executable)} -c 'import json, os; print(json.dumps(dict(os.environ)))'"
    )
    shell = subprocess.run(
        ["sh", "-c", f". {shlex.quote(str(exports))} && {dump}"],
        env={},
        capture_output=True,
        check=True,
    )
    return json.loads(shell.stdout)


def create(served: Served, name: str) -> None:
    served.sdk().create_registered_model(
        served.instance_id, models.CreateRegisteredModelDetails(name=name)
    )


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("a user's folder") / "aidp $(emulator)"


@pytest.fixture(scope="module")
def served(data_dir) -> Iterator[Served]:
    with serving(data_dir) as served:
        yield served


def test_the_export_lines_lead_the_sdk_to_the_emulator(served):
    create(served, "main.default.exported")

    response = served.sdk().get_registered_model(served.instance_id, "main.default.exported")
    assert response.data.registered_model.name == "main.default.exported"


def test_the_tracking_uri_comes_first_then_the_registrys(served):
    names = [line.split("=")[0] for line in served.printed.splitlines()]
    assert names[0] == "export MLFLOW_TRACKING_URI"
    assert "export MLFLOW_REGISTRY_URI" not in names


def test_the_tracking_uri_alone_leads_mlflow_to_the_emulator(served, tmp_path):
    """With nothing else set, in another process.

    An experiment, a run with an artifact, and the registry.
    """
    program = (
        "import mlflow\n"
        "mlflow.set_experiment('alone')\n"
        "with mlflow.start_run() as run: mlflow.log_text('here', 'note.txt')\n"
        "mlflow.MlflowClient().create_registered_model('main.default.alone')\n"
        "print(mlflow.artifacts.load_text(f'runs:/{run.info.run_id}/note.txt'))"
    )
    environ = {
        "HOME": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_TRACKING_URI": served.environ["MLFLOW_TRACKING_URI"],
    }
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environ, cwd=tmp_path, capture_output=True, text=True
    )
    assert (ended.stdout.strip(), ended.returncode) == ("here", 0), ended.stderr
    assert served.sdk().get_registered_model(served.instance_id, "main.default.alone").status == 200


def test_nothing_but_exports_goes_to_stdout(served, data_dir):
    exports = (data_dir.parent / "aidp.env").read_text().splitlines()

    assert all(line.startswith("export ") for line in exports)


def test_nothing_secret_is_printed(served, data_dir):
    secrets = [line for key in data_dir.rglob("*.pem") for line in key.read_text().splitlines()]

    assert secrets
    assert not [line for line in secrets if line in served.printed]


def test_keys_and_config_are_the_users_alone(served, data_dir):
    config = Path(served.environ["OCI_CLI_CONFIG_FILE"])
    files = [config, *data_dir.rglob("*key*.pem")]

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in files}
    assert modes == dict.fromkeys(modes, 0o600)


def test_the_folder_is_the_users_alone(served, data_dir):
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700


def test_an_unsigned_request_is_refused(served):
    instance = f"/20260430/aiDataPlatforms/{served.instance_id}"
    path = f"{instance}/mlops/api/2.0/mlflow/registered-models/search"

    assert requests.get(served.environ["AIDP_ENDPOINT"] + path, timeout=10).status_code == 401


def test_a_port_in_use_ends_with_one_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = CliRunner().invoke(
            main, ["emulator", "--data-dir", str(tmp_path / "data"), "--port", port]
        )

    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "in use" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_folder_that_cannot_be_made_ends_with_one_line(tmp_path):
    (tmp_path / "file").touch()
    ended = CliRunner().invoke(main, ["emulator", "--data-dir", str(tmp_path / "file" / "data")])

    assert (ended.exit_code, len(ended.stderr.splitlines())) == (1, 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_interruption_is_a_clean_end(tmp_path, number):
    with serving(tmp_path / "data") as served:
        assert served.end(number) == 0


def test_a_second_start_keeps_models_and_identity(tmp_path):
    with serving(tmp_path / "data") as first:
        create(first, "main.default.kept")
        first.end(signal.SIGTERM)

    with serving(tmp_path / "data") as second:
        response = second.sdk().get_registered_model(first.instance_id, "main.default.kept")
    assert response.status == 200


def test_tls_is_verified_with_the_exported_bundle(tmp_path):
    with serving(tmp_path / "data", "--tls") as served:
        answer = requests.get(
            served.environ["AIDP_ENDPOINT"], verify=served.environ["REQUESTS_CA_BUNDLE"], timeout=10
        )

    assert answer.url.startswith("https://")
    assert answer.status_code in (401, 404)


# --- quickstart


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="module")
def account(elsewhere, tmp_path_factory) -> subprocess.CompletedProcess[str]:
    """One run for all workers, in a folder of its own, among settings that must not matter."""
    return once_for_all_workers(tmp_path_factory, "quickstart", lambda: run_quickstart(elsewhere))


def run_quickstart(elsewhere: Path) -> subprocess.CompletedProcess[str]:
    hostile = {
        "AIDP_ENDPOINT": "https://elsewhere.invalid",
        "AIDP_INSTANCE_ID": "no-ocid",
        "DH_USER_PRINCIPAL": "c29tZWJvZHk=",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "MLFLOW_EXPERIMENT_ID": "42",
        "MLFLOW_REGISTRY_URI": "https://elsewhere.invalid",
        "MLFLOW_TRACKING_URI": "https://elsewhere.invalid",
        "OCI_CLI_AUTH": "instance_principal",
        "OCI_CLI_PROFILE": "ABSENT",
    }
    environ = {**os.environ, **hostile, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = run("quickstart", cwd=elsewhere, env=environ)
    ended.left_behind = sorted(entry.name for entry in elsewhere.iterdir())
    return ended


def test_quickstart_succeeds_in_silence(account):
    assert (account.returncode, account.stderr) == (0, "")


def test_quickstart_leaves_nothing_behind(account):
    assert account.left_behind == []


@pytest.mark.parametrize(
    "request_line",
    [
        "POST /workspaces/<key>/mlops/api/2.0/mlflow/experiments/create",
        "POST /workspaces/<key>/mlops/api/2.0/mlflow/runs/create",
        "POST /workspaces/<key>/mlops/api/2.0/mlflow/runs/log-parameter",
        "POST /workspaces/<key>/mlops/api/2.0/mlflow/runs/log-batch",
        "POST /workspaces/<key>/mlops/api/2.0/mlflow/runs/log-model",
        "POST /mlops/api/2.0/mlflow/registered-models/create",
        "POST /workspaces/<key>/mlops/api/2.0/mlflow/model-versions/create",
        "POST /mlops/api/2.0/mlflow/registered-models/set-tag",
        "GET  /mlops/api/2.0/mlflow/model-versions/get",
    ],
)
def test_quickstart_shows_each_request_with_its_status(account, request_line):
    assert f"{request_line}  200\n" in account.stdout


def test_quickstart_shows_a_request_below_the_call_that_made_it(account):
    below = account.stdout.partition(">>> client.set_registered_model_alias(")[2].partition(">>>")[
        0
    ]

    assert "POST /mlops/api/2.0/mlflow/registered-models/set-tag " in below


@pytest.mark.parametrize(
    ("verb", "call"), [("PUT", "mlflow.sklearn.log_model("), ("GET", "mlflow.pyfunc.load_model(")]
)
def test_quickstart_shows_the_files_of_a_model_in_one_line(account, verb, call):
    below = account.stdout.partition(call)[2].partition(">>>")[0]

    (line,) = (line for line in below.splitlines() if " times)" in line and "/o/..." in line)
    assert re.fullmatch(
        rf" +{verb} +/n/emulator/b/aidp-emulator/o/\.\.\.  200 \([3-9] times\)", line
    )


def test_quickstart_shows_the_predictions_of_both_loaded_models_and_of_the_deployment(account):
    assert account.stdout.count("['setosa' 'versicolor' 'virginica']\n") == 3


def test_quickstart_ends_with_the_setting_for_a_real_platform(account):
    assert "export MLFLOW_TRACKING_URI=aidp://<OCID" in "".join(
        account.stdout.splitlines(True)[-4:]
    )


@pytest.mark.parametrize("secret", ["PRIVATE KEY", "signature=", "keyId", "authorization", ".pem"])
def test_quickstart_shows_nothing_secret(account, secret):
    assert secret not in account.stdout


def test_uri_does_without_mlflow(monkeypatch):
    """MLflow takes a second to import, and scripts ask for the URI at each start."""
    program = (
        "import sys; sys.modules['mlflow'] = sys.modules['requests'] = None\n"
        "from mlflow_oci_aidp.cli import main; main(['uri'])"
    )
    monkeypatch.setenv("DATALAKE_ID", "ocid1.datalake.oc1.iad.example")
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("aidp://ocid1.datalake.oc1.iad.example")


def test_quickstart_without_the_emulators_packages_says_what_to_install():
    program = (
        "import sys; sys.modules['sklearn'] = None\n"
        "from mlflow_oci_aidp.cli import main; main(['quickstart'])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )

    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "Error: The emulator needs the full mlflow, and sklearn is not installed: "
        'pip install "mlflow-oci-aidp[emulator]"'
    ]


def test_quickstart_leaves_the_environment_as_it_was(monkeypatch):
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "https://elsewhere.invalid")
    before = dict(os.environ)

    with quickstart._environment({"MLFLOW_TRACKING_URI": "sqlite://"}):
        inside = dict(os.environ)

    assert (os.environ, "MLFLOW_REGISTRY_URI" in inside) == (before, False)


@pytest.mark.parametrize(
    ("module", "part"),
    [
        ("tracking.store", "tracking store"),
        ("registry.store", "registry store"),
        ("artifacts.object_storage", "artifact repository of Object Storage"),
    ],
)
def test_quickstart_that_fails_prints_the_cause_and_ends(tmp_path, module, part):
    """Within the time of a run that succeeds: MLflow's repetitions would take minutes."""
    began = time.monotonic()
    ended = run("quickstart", env=broken(tmp_path, f"mlflow_oci_aidp.{module}"))
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)
    assert ended.stderr.startswith(
        f"Error: The {part} of mlflow-oci-aidp {__version__} cannot be loaded with MLflow "
    )
    assert time.monotonic() - began < 90
    assert_the_run_was_ended(ended.stdout)


def assert_the_run_was_ended(printed: str) -> None:
    """The last request of an account with a run ends that run, and the platform took it."""
    if "/runs/create  200" in printed:
        call, request = printed.splitlines()[-2:]
        assert call == '>>> mlflow.end_run("FAILED")'
        assert request.strip() == "POST /workspaces/<key>/mlops/api/2.0/mlflow/runs/update  200"


def test_quickstart_whose_library_fails_ends_the_run_too(tmp_path):
    """A defect keeps its traceback, and no request goes to an emulator that is closed."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sklearn.linear_model\n"
        "def fit(self, *arguments): raise ZeroDivisionError('in the middle')\n"
        "sklearn.linear_model.LogisticRegression.fit = fit\n"
    )
    ended = run("quickstart", env=environ(tmp_path))
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (
        1,
        "ZeroDivisionError: in the middle",
    )
    assert "/runs/create  200" in ended.stdout
    assert_the_run_was_ended(ended.stdout)
