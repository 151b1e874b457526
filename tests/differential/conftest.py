from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mlflow_oci_aidp.emulator import Emulator
from tests.differential.sides import Recorder, Side, StockServer, aidp_side, compare, stock_side
from tests.support.stock_server import stock_server as serve_stock


@pytest.fixture(scope="session")
def stock_server(tmp_path_factory) -> Iterator[StockServer]:
    """MLflow's own server: one for each worker that has a test of this folder."""
    folder = tmp_path_factory.mktemp("stock-server")
    with serve_stock(folder, MLFLOW_LOGGING_LEVEL="CRITICAL") as uri:
        server = StockServer(folder, uri)
        yield server
        server.close()


@pytest.fixture(scope="session")
def differential_emulator() -> Iterator[Emulator]:
    """An emulator that no other test resets."""
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def sides(stock_server, differential_emulator) -> tuple[Side, Side]:
    """MLflow's server and the emulator, both empty."""
    stock_server.reset()
    differential_emulator.reset()
    return stock_side(stock_server), aidp_side(differential_emulator)


@pytest.fixture
def same(sides) -> Callable[[Callable[[Recorder], None]], None]:
    """Run the same calls on both sides and compare what came of each."""

    def run(calls: Callable[[Recorder], None]) -> None:
        recorders = [Recorder(side) for side in sides]
        for recorder in recorders:
            calls(recorder)
        compare(*(recorder.steps for recorder in recorders))

    return run
