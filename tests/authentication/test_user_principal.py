"""``dh-user-principal``: for whom a request is made, where the caller may say so."""

from __future__ import annotations

import asyncio
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

import mlflow_oci_aidp
from tests.support.machine import Machine


@pytest.fixture
def me(here):
    """A client that signs by an API key."""
    return here.client(config_file=here.config(DEFAULT=here.api_key()))


def principals(here: Machine) -> list[str | None]:
    return [exchange.headers.get("dh-user-principal") for exchange in here.aidp.exchanges]


def test_no_user_principal_unless_it_is_configured(here, me):
    here.call(me)
    assert set(principals(here)) == {None}


def test_the_user_principal_of_the_environment(here):
    here.setenv({"DH_USER_PRINCIPAL": "ZW52"})
    here.call(here.client(config_file=here.config(DEFAULT=here.api_key())))
    assert set(principals(here)) == {"ZW52"}


def test_the_environment_is_read_when_the_store_is_made(here, me):
    here.call(me)
    here.setenv({"DH_USER_PRINCIPAL": "bGF0ZXI="})
    here.call(me)
    assert set(principals(here)) == {None}


def test_a_block_of_code_with_a_user_principal(here, me):
    with mlflow_oci_aidp.user_principal("YmxvY2s="):
        here.call(me)
    assert set(principals(here)) == {"YmxvY2s="}


def test_a_block_comes_before_the_environment(here):
    here.setenv({"DH_USER_PRINCIPAL": "ZW52"})
    client = here.client(config_file=here.config(DEFAULT=here.api_key()))
    with mlflow_oci_aidp.user_principal("YmxvY2s="):
        here.call(client)
    assert set(principals(here)) == {"YmxvY2s="}


def test_nested_blocks_restore(here, me):
    def read() -> None:
        me.search_registered_models(max_results=1)

    with mlflow_oci_aidp.user_principal("b3V0ZXI="):
        read()
        with mlflow_oci_aidp.user_principal("aW5uZXI="):
            read()
        read()
    read()
    assert principals(here) == ["b3V0ZXI=", "aW5uZXI=", "b3V0ZXI=", None]


def test_a_block_that_fails_restores(here, me):
    with pytest.raises(KeyError), mlflow_oci_aidp.user_principal("YmxvY2s="):
        raise KeyError
    here.call(me)
    assert set(principals(here)) == {None}


def test_a_block_holds_for_its_thread_alone(here, me):
    threads = 8
    run = f"main.threads.{uuid.uuid4().hex}"
    together = threading.Barrier(threads, timeout=30)

    def work(number: int) -> None:
        together.wait()
        create(me, f"{run}-{number}")
        together.wait()

    def work_as(number: int) -> None:
        with mlflow_oci_aidp.user_principal(f"thread{number}"):
            work(number)

    with ThreadPoolExecutor(threads) as pool:
        # Odd ones have a principal, even ones none; all blocks are open at the same time.
        list(pool.map(lambda number: (work_as if number % 2 else work)(number), range(threads)))
    assert by_name(here) == {
        f"{run}-{number}": f"thread{number}" if number % 2 else None for number in range(threads)
    }


def test_a_block_does_not_reach_a_thread_that_was_there_before(here, me):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(create, me, f"main.threads.{uuid.uuid4().hex}").result()
        with mlflow_oci_aidp.user_principal("YmxvY2s="):
            pool.submit(create, me, f"main.threads.{uuid.uuid4().hex}").result()
    assert set(principals(here)) == {None}


def test_a_block_holds_for_its_task_alone(here, me):
    tasks = 6
    run = f"main.tasks.{uuid.uuid4().hex}"

    async def work(number: int, together: Rendezvous) -> None:
        await together.wait()
        create(me, f"{run}-{number}")
        # In a thread, as asynchronous programs call what blocks: the task's principal goes with it.
        await asyncio.to_thread(create, me, f"{run}-{number}-in-thread")
        await together.wait()

    async def work_as(number: int, together: Rendezvous) -> None:
        with mlflow_oci_aidp.user_principal(f"task{number}"):
            await work(number, together)

    async def main() -> None:
        together = Rendezvous(tasks)
        # Odd ones have a principal, even ones none; all blocks are open at the same time.
        running = [(work_as if number % 2 else work)(number, together) for number in range(tasks)]
        await asyncio.wait_for(asyncio.gather(*running), timeout=60)

    asyncio.run(main())
    assert by_name(here) == {
        f"{run}-{number}{where}": f"task{number}" if number % 2 else None
        for number in range(tasks)
        for where in ("", "-in-thread")
    }


class Rendezvous:
    """``asyncio.Barrier``, which Python 3.10 lacks."""

    def __init__(self, parties: int) -> None:
        self._parties = parties
        self._arrived = 0
        self._changed = asyncio.Condition()

    async def wait(self) -> None:
        async with self._changed:
            self._arrived += 1
            goal = -(-self._arrived // self._parties) * self._parties
            self._changed.notify_all()
            await self._changed.wait_for(lambda: self._arrived >= goal)


def create(client: MlflowClient, name: str) -> None:
    client.create_registered_model(name)


def by_name(here: Machine) -> dict[str, str | None]:
    """The principal under which each model was created."""
    return {
        exchange.body["name"]: exchange.headers.get("dh-user-principal")
        for exchange in here.aidp.exchanges
        if exchange.verb == "POST"
    }


@pytest.mark.parametrize(
    "value", ["a\r\nx-evil: 1", "a\n", "a\tb", "a\0b", "a\x7fb", "", " ", "näme"]
)
def test_a_value_that_cannot_stand_in_a_header_is_refused(here, value):
    with pytest.raises(MlflowException) as refused, mlflow_oci_aidp.user_principal(value):
        pytest.fail("the block was entered")
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_bad_user_principal_in_the_environment_is_refused(here):
    here.setenv({"DH_USER_PRINCIPAL": "a\r\nx-evil: 1"})
    refusal = here.refusal_of(config_file=here.config(DEFAULT=here.api_key()))
    assert refusal.error_code == "INVALID_PARAMETER_VALUE"
    assert "x-evil" not in refusal.message
