"""Train a classifier, register it, and promote it if it is good enough.

The run is logged to a workspace of AI Data Platform.

    export MLFLOW_TRACKING_URI=aidp://<OCID of your AI Data Platform>/<workspace key>
    python train_and_register.py main.default.iris --accuracy 0.9

That one variable serves the experiment, its runs, their artifacts and the registry: nothing below
names a platform. Each value of --strength becomes a run below a common one; the model of the best
run is registered.
"""

import click
import mlflow
from mlflow.entities import Run
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split


@click.command()
@click.argument("name")
@click.option("--experiment", default="iris", show_default=True, help="Made if it is not there.")
@click.option(
    "--strength",
    multiple=True,
    type=float,
    default=[0.01, 1.0],
    show_default=True,
    help="Values to try.",
)
@click.option(
    "--accuracy",
    default=0.9,
    show_default=True,
    help="The least that a champion has on the test data.",
)
def main(name: str, experiment: str, strength: tuple[float, ...], accuracy: float) -> None:
    """Train models, and register the best as a new version of NAME, as catalog.schema.model."""
    iris = load_iris(as_frame=True)
    data = train_test_split(iris.data, iris.target, random_state=0)

    mlflow.set_experiment(experiment)
    mlflow.sklearn.autolog(
        log_models=False
    )  # Parameters, metrics and the data; the model is logged below.
    with mlflow.start_run(run_name="search") as parent:
        for value in strength:
            train(value, *data)

    best = best_below(parent)
    version = mlflow.register_model(f"runs:/{best.info.run_id}/model", name)
    reached = best.data.metrics["accuracy"]
    click.echo(
        f"{name} version {version.version}: accuracy {reached:g} with C={best.data.params['C']}"
    )
    if reached < accuracy:
        raise click.ClickException(f"below {accuracy:g}: not promoted")
    mlflow.MlflowClient().set_registered_model_alias(name, "champion", version.version)

    champion = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    flowers = [iris.target_names[number] for number in champion.predict(data[1].head(3))]
    click.echo(f"{name}@champion predicts {', '.join(flowers)}")


def train(strength: float, x_train, x_test, y_train, y_test) -> None:
    """One run: a model, its accuracy on the test data, and the model itself."""
    with mlflow.start_run(run_name=f"C={strength:g}", nested=True):
        model = LogisticRegression(C=strength, max_iter=500).fit(x_train, y_train)
        mlflow.log_metric("accuracy", model.score(x_test, y_test))
        mlflow.sklearn.log_model(model, name="model", input_example=x_test.head(2))


def best_below(parent: Run) -> Run:
    """The run with the best accuracy among those that belong to another."""
    runs = mlflow.search_runs(
        filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'",
        order_by=["metrics.accuracy DESC"],
        max_results=1,
        output_format="list",
    )
    return runs[0]


if __name__ == "__main__":
    main()
