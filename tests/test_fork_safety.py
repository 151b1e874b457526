"""What a forked child makes for itself."""

from __future__ import annotations

import os
import select
import threading
import time
from types import SimpleNamespace

import pytest

from mlflow_oci_aidp import fork_safety
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
    answer, child = of_a_child(own)
    assert answer == str(child)
    assert own.get() == os.getpid()


def test_threads_share_it():
    made = []
    own = PerProcess(lambda: made.append(1) or object())
    values = []
    threads = [threading.Thread(target=lambda: values.append(own.get())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert {id(one) for one in values} == {id(own.get())}
    assert len(values) == 20


class MadeByThreads:
    """Has four threads ask for the same thing at once, and says how often it was made."""

    def __init__(self) -> None:
        self.made: list[int] = []
        self.own = PerProcess(self.make)
        self.own.get()

    def make(self) -> object:
        self.made.append(1)
        time.sleep(0.1)
        return object()

    def get(self) -> int:
        self.made.clear()
        barrier = threading.Barrier(4)
        threads = [
            threading.Thread(target=lambda: (barrier.wait(), self.own.get())) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(self.made)


def test_threads_of_a_child_share_it_from_their_first_call_on(monkeypatch):
    """A new lock takes its time here, so that all threads find that the child has none yet."""
    lock, slow = threading.Lock, SimpleNamespace(Lock=lambda: (time.sleep(0.1), lock())[1])
    monkeypatch.setattr(fork_safety, "threading", slow)
    made, _ = of_a_child(MadeByThreads())
    assert made == "1"


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
        answer, child = of_a_child(own)
    finally:
        end.set()
        thread.join()
    assert answer == str(child)
    assert own.get() == parent
