"""What a forked child makes for itself."""

from __future__ import annotations

import os
import select
import threading

import pytest

from mlflow_oci_aidp.fork_safety import PerProcess

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
PATIENCE = 30


def of_a_child(own):
    """What a forked child gets, as text; "" if it gets nothing."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, str(own.get()).encode())
        finally:
            os._exit(0)
    answered = select.select([reading], [], [], PATIENCE)[0]
    if not answered:
        os.kill(child, 9)
    os.waitpid(child, 0)
    return os.read(reading, 100).decode() if answered else "", child


def test_it_is_made_once_in_each_process():
    own = PerProcess(os.getpid)
    assert own.get() == own.get() == os.getpid()
    found, child = of_a_child(own)
    assert found == str(child)
    assert own.get() == os.getpid()


def test_threads_share_it():
    made = []
    own = PerProcess(lambda: made.append(1) or object())
    found = []
    threads = [threading.Thread(target=lambda: found.append(own.get())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert {id(one) for one in found} == {id(own.get())}
    assert len(found) == 20


def test_a_child_does_not_wait_for_a_thread_that_it_does_not_have():
    parent, begun, end = os.getpid(), threading.Event(), threading.Event()

    def make():
        if os.getpid() == parent:
            begun.set()
            assert end.wait(PATIENCE * 2)
        return os.getpid()

    own = PerProcess(make)
    thread = threading.Thread(target=own.get)
    thread.start()
    assert begun.wait(PATIENCE)
    try:
        found, child = of_a_child(own)
    finally:
        end.set()
        thread.join()
    assert found == str(child)
    assert own.get() == parent
