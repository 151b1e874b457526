"""The entities that the searches of this folder look through: the same on both sides."""

from __future__ import annotations

from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    Metric,
    Param,
    RunTag,
)

from tests.differential.sides import Recorder

PROMPT_TAG = "mlflow.prompt.is_prompt"


def populate(mlflow: Recorder) -> None:
    """Make registered models and versions, prompts, experiments, runs and logged models."""
    _registry(mlflow)
    flowers = mlflow.create_experiment("flowers", tags={"team": "ml", "a b": "x"})
    wine = mlflow.create_experiment("wine", tags={"team": "Data"})
    mlflow.create_experiment("Wine list")
    mlflow.delete_experiment(mlflow.create_experiment("old", tags={"team": "ml"}))
    runs = _runs(mlflow, flowers, wine)
    _logged_models(mlflow, flowers, wine, runs)


def _registry(mlflow: Recorder) -> None:
    for name, tags in (
        ("main.default.iris", {"team": "ml", "stage": "new"}),
        ("main.default.wine", {"team": "Data"}),
        ("main.prod.iris", {"team": "ml", "a b": "x"}),
        ("Main.x_y", {}),
        ("50%", {PROMPT_TAG: "True"}),
        ("dev", {PROMPT_TAG: "false"}),
    ):
        mlflow.registry.create_registered_model(name, _registered_tags(tags))
    for number, (name, tags) in enumerate(
        (
            ("main.default.iris", {"best": "yes"}),
            ("main.default.iris", {"best": "no"}),
            ("main.default.wine", {}),
            ("main.prod.iris", {"best": "yes"}),
            ("main.default.iris", {}),
        )
    ):
        mlflow.create_model_version(
            name, f"s3://bucket/{number}", run_id=f"{number}" * 32, tags=tags
        )
    for name in ("greet", "main.default.greet"):
        mlflow.register_prompt(name, "Hello {{name}}", tags={"team": "ml"})
    mlflow.register_prompt("greet", "Hi {{name}}")


def _registered_tags(tags: dict[str, str]) -> list:
    from mlflow.entities.model_registry import RegisteredModelTag

    return [RegisteredModelTag(key, value) for key, value in tags.items()]


def _runs(mlflow: Recorder, flowers: str, wine: str) -> list[str]:
    runs = []
    data = Dataset("train", "d1", "local", "x")
    for number, experiment in enumerate((flowers, flowers, flowers, wine, flowers)):
        run = mlflow.create_run(experiment, start_time=1000 + number, run_name=f"run {number}")
        run_id = run.info.run_id
        runs.append(run_id)
        tags = {"team": "ml" if number % 2 else "Data", f"only.{number}": "x"}
        mlflow.log_batch(
            run_id,
            [Metric("loss", number / 10, 5, 0), Metric("a/b", -number, 5, 3)],
            [Param("depth", str(number)), Param("kind", "tree" if number < 3 else "Net")],
            [RunTag(key, value) for key, value in tags.items()],
        )
        if number == 1:
            mlflow.log_metric(run_id, "loss", math_nan(), timestamp=6)
            mlflow.log_inputs(run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "c")])])
        if number < 2:
            mlflow.set_terminated(run_id, end_time=2000 - number)
    mlflow.delete_run(runs.pop())
    return runs


def math_nan() -> float:
    """Return what is no number."""
    return float("nan")


def _logged_models(mlflow: Recorder, flowers: str, wine: str, runs: list[str]) -> None:
    for number, (experiment, run_id, name, kind) in enumerate(
        (
            (flowers, runs[0], "iris", "tree"),
            (flowers, runs[0], "iris", None),
            (flowers, runs[1], "Iris", "net"),
            (wine, runs[3], "wine_1", "tree"),
            (flowers, runs[1], "a_b", "Net"),
        )
    ):
        model = mlflow.sql.create_logged_model(
            experiment,
            name,
            run_id,
            [LoggedModelTag("team", "ml"), LoggedModelTag(f"t{number}", "x")],
            [LoggedModelParameter("depth", str(number)), LoggedModelParameter("a b", "y")],
            kind,
        )
        status = (LoggedModelStatus.READY, LoggedModelStatus.FAILED, None)[number % 3]
        if status:
            mlflow.sql.finalize_logged_model(model.model_id, status)
        for step in range(number):
            for data, sign in (("train", 1), ("test", -1), (None, 0)):
                # A time and a step have one value of a metric, whatever the dataset.
                at = 10 * step + sign
                mlflow.sql.log_batch(
                    run_id,
                    [
                        Metric(
                            "acc",
                            (number - 2 * step + sign) / 4,
                            100 + at,
                            step,
                            model.model_id,
                            data,
                            data and f"digest of {data}",
                        )
                    ],
                    [],
                    [],
                )
    gone = mlflow.sql.create_logged_model(flowers, "gone", runs[0])
    mlflow.sql.delete_logged_model(gone.model_id)


#: Keys of tags, parameters and metrics of which some are refused.
ODD_KEYS = (
    *("", " ", "a b", "a/b", "a:b", "a#b", "x" * 250, "x" * 251, None),
    "\N{CHERRY BLOSSOM}",
)
