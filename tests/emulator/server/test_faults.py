"""Each kind of fault does what it says, seen from the other end of the socket."""

from __future__ import annotations

import json
import socket
import threading
import time
from email.utils import parsedate_to_datetime

import pytest
import requests

from mlflow_oci_aidp.emulator import Emulator, Fault
from mlflow_oci_aidp.emulator.server.faults import FaultPlan

from ..conftest import create, path_of, prepared, send, threads_of, tls_client_context


def done(aidp):
    """Whether the work was done."""
    return bool(aidp.state.list_registered_models({}, "user")["registered_models"])


def request_to_create(aidp):
    return prepared(aidp, "POST", path_of(aidp, "registered-models/create"), body={"name": "a"})


def head_and_body(received):
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    return lines[0], dict(line.lower().split(": ", 1) for line in lines[1:]), body


class TestStatus:
    def test_is_answered_instead_of_work(self, aidp):
        aidp.faults.add("status", status=429, headers={"Retry-After": "7"}, message="Slow down.")
        answer = create(aidp)
        assert (answer.status_code, answer.headers["retry-after"], answer.json(), done(aidp)) == (
            429,
            "7",
            {"code": "TooManyRequests", "message": "Slow down."},
            False,
        )

    def test_may_come_without_a_code(self, aidp):
        aidp.faults.add("status", code="", message="m")
        assert create(aidp).json() == {"message": "m"}

    def test_may_have_any_code(self, aidp):
        aidp.faults.add("status", status=409, code="LockConflict")
        assert create(aidp).json()["code"] == "LockConflict"

    def test_has_a_request_id(self, aidp):
        aidp.faults.add("status")
        assert create(aidp).headers["opc-request-id"] == aidp.exchanges[-1].request_id


@pytest.mark.parametrize(("kind", "work_done"), [("reset_before", False), ("reset_after", True)])
def test_reset(aidp, bare, kind, work_done):
    aidp.faults.add(kind)
    bare.send(request_to_create(aidp))
    with pytest.raises(ConnectionResetError):
        bare.read_all()
    assert done(aidp) is work_done
    assert (aidp.exchanges[-1].status, aidp.exchanges[-1].fault) == (None, kind)


@pytest.mark.parametrize(("kind", "work_done"), [("hang", False), ("hang_after", True)])
def test_hang(aidp, bare, kind, work_done):
    aidp.faults.add(kind)
    bare.send(request_to_create(aidp))
    bare.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        bare.read_all()
    assert done(aidp) is work_done


def connection_threads(aidp):
    return [thread for thread in threads_of(aidp) if thread.name.endswith("-connection")]


def test_hang_ends_when_the_client_gives_up(own_aidp, own_bare):
    own_aidp.faults.add("hang")
    own_bare.send(request_to_create(own_aidp))
    while not own_aidp.exchanges:
        time.sleep(0.01)
    own_bare.socket.close()
    for thread in connection_threads(own_aidp):
        thread.join(10)
    assert connection_threads(own_aidp) == []


def test_hang_ends_when_the_emulator_stops(own_aidp, own_bare):
    own_aidp.faults.add("hang")
    own_bare.send(request_to_create(own_aidp))
    while not own_aidp.exchanges:
        time.sleep(0.01)
    own_aidp.stop()
    assert connection_threads(own_aidp) == []


def test_truncated(aidp, bare):
    aidp.faults.add("truncated")
    bare.send(request_to_create(aidp))
    status, headers, body = head_and_body(bare.read_all())
    assert status == "HTTP/1.1 200 OK"
    assert len(body) == int(headers["content-length"]) // 2 > 0
    assert done(aidp)


@pytest.mark.parametrize("status", [200, 502])
def test_html(aidp, status):
    aidp.faults.add("html", status=status)
    answer = create(aidp)
    assert (answer.status_code, answer.headers["content-type"], answer.text[:6]) == (
        status,
        "text/html",
        "<html>",
    )
    assert not done(aidp)


@pytest.mark.parametrize("status", [302, 307, 308])
def test_redirect(aidp, status):
    aidp.faults.add("redirect", status=status, location="http://127.0.0.1:1/elsewhere")
    answer = create(aidp)
    assert (answer.status_code, answer.headers["location"]) == (
        status,
        "http://127.0.0.1:1/elsewhere",
    )
    assert not done(aidp)


def test_slow_drip(aidp, bare):
    aidp.faults.add("slow_drip", delay=0.001)
    bare.send(request_to_create(aidp))
    pieces, received = 0, b""
    while b"\r\n\r\n" not in received or not received.endswith(b"}}"):
        received += bare.socket.recv(65536)
        pieces += 1
    assert json.loads(head_and_body(received)[2])["registered_model"]["name"] == "a"
    assert pieces > 10


def test_slow_drip_ends_when_the_emulator_stops(own_aidp, own_bare):
    own_aidp.faults.add("slow_drip", delay=60)
    own_bare.send(request_to_create(own_aidp))
    own_bare.socket.recv(1)
    own_aidp.stop()
    assert connection_threads(own_aidp) == []


def test_slow_head(aidp, bare):
    aidp.faults.add("slow_head", delay=0.001)
    bare.send(request_to_create(aidp))
    pieces, received = 0, b""
    while b"\r\n\r\n" not in received or not received.endswith(b"}}"):
        pieces += b"\r\n\r\n" not in received
        received += bare.socket.recv(65536)
    assert json.loads(head_and_body(received)[2])["registered_model"]["name"] == "a"
    assert pieces > 10


def test_interim(aidp, bare):
    aidp.faults.add("interim", delay=0.001)
    bare.send(request_to_create(aidp))
    received = b""
    while not received.endswith(b"}}"):
        received += bare.socket.recv(65536)
    first, _, rest = received.partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 103 Early Hints")
    assert head_and_body(rest)[0] == "HTTP/1.1 200 OK"


def test_twice(aidp, bare):
    aidp.faults.add("twice", delay=0.001)
    bare.send(request_to_create(aidp))
    received = b""
    while received.count(b"}}") < 2:
        received += bare.socket.recv(65536)
    half = len(received) // 2
    assert received[:half] == received[half:]
    assert received.startswith(b"HTTP/1.1 200 OK")


def test_other_answer(aidp):
    first = create(aidp)
    aidp.faults.add("other_answer")
    second = create(aidp, name="b")
    assert second.content == first.content
    assert second.headers["opc-request-id"] == first.headers["opc-request-id"]
    assert len(aidp.state.list_registered_models({}, "user")["registered_models"]) == 2


def test_body(aidp):
    aidp.faults.add("body", status=201, body=b"\x00null", content_type="text/plain")
    answer = create(aidp)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (
        201,
        b"\x00null",
        "text/plain",
    )
    assert done(aidp)


def test_date(aidp):
    aidp.faults.add("date", skew=-3600)
    date = parsedate_to_datetime(create(aidp).headers["date"]).timestamp()
    assert date == pytest.approx(time.time() - 3600, abs=60)
    assert done(aidp)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("reset_before", "reset"),
        ("reset_after", "reset"),
        ("truncated", "half"),
        ("hang_after", "nothing"),
    ],
)
def test_over_tls(kind, expected):
    with Emulator(tls=True) as aidp:
        aidp.faults.add(kind)
        address = ("127.0.0.1", int(aidp.endpoint.rpartition(":")[2]))
        with (
            socket.create_connection(address, timeout=20) as plain,
            tls_client_context(aidp).wrap_socket(plain, server_hostname="127.0.0.1") as connection,
        ):
            request = request_to_create(aidp)
            head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
            connection.sendall(
                f"POST {request.path_url} HTTP/1.1\r\n{head}\r\n".encode() + request.body
            )
            # OpenSSL calls a reset an end, so it is looked for below TLS.
            patience = 0.5 if expected == "nothing" else 20
            outcome = (
                received_from(connection)
                if expected == "half"
                else how_it_ends(connection, patience)
            )
        assert outcome == expected


def how_it_ends(connection, patience):
    with socket.socket(fileno=socket.dup(connection.fileno())) as raw:
        raw.settimeout(patience)
        try:
            while raw.recv(65536):
                pass
        except TimeoutError:
            return "nothing"
        except ConnectionResetError:
            return "reset"
    return "end"


def received_from(connection):
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    _, headers, body = head_and_body(received)
    return "half" if len(body) == int(headers["content-length"]) // 2 else "all"


def test_a_fault_comes_before_the_signature_is_looked_at(aidp):
    aidp.faults.add("status", status=500)
    assert requests.get(aidp.endpoint, timeout=20).status_code == 500


class TestPlan:
    def happened(self, plan, *operations):
        return [plan.next(operation) is not None for operation in operations]

    def test_nothing_is_planned_at_first(self):
        assert self.happened(FaultPlan(), "a") == [False]

    def test_once_unless_said_otherwise(self):
        plan = FaultPlan()
        plan.add("hang")
        assert self.happened(plan, "a", "a") == [True, False]

    def test_always(self):
        plan = FaultPlan()
        plan.add("hang", times=None)
        assert self.happened(plan, *"aaa") == [True] * 3

    def test_after(self):
        plan = FaultPlan()
        plan.add("hang", after=2)
        assert self.happened(plan, *"aaaa") == [False, False, True, False]

    def test_of_one_operation(self):
        plan = FaultPlan()
        plan.add("hang", operation="b")
        assert self.happened(plan, "a", None, "b") == [False, False, True]

    def test_of_what_a_predicate_says(self):
        plan = FaultPlan()
        plan.add("hang", operation=lambda name: name is None)
        assert self.happened(plan, "a", None) == [False, True]

    def test_the_first_that_fires_is_it(self):
        plan = FaultPlan()
        plan.add("hang")
        plan.add("html")
        assert [plan.next("a").kind for _ in range(2)] == ["hang", "html"]

    def test_probability_can_be_repeated(self):
        plans = [FaultPlan(), FaultPlan()]
        for plan in plans:
            plan.add("hang", times=None, probability=0.3, seed=7)
        first, second = (self.happened(plan, *["a"] * 200) for plan in plans)
        assert first == second
        assert 30 < sum(first) < 90

    def test_counts(self):
        plan = FaultPlan()
        fault = plan.add(Fault("hang", times=2))
        self.happened(plan, *"aaa")
        assert (plan.fired["hang"], fault.fired, fault.matched) == (2, 2, 3)

    def test_clear(self):
        plan = FaultPlan()
        plan.add("hang")
        plan.clear()
        assert (self.happened(plan, "a"), sum(plan.fired.values())) == ([False], 0)

    @pytest.mark.parametrize("fields", [{"kind": "flood"}, {"kind": "redirect"}])
    def test_a_fault_that_makes_no_sense(self, fields):
        with pytest.raises(ValueError):
            Fault(**fields)

    def test_by_many_threads(self):
        plan = FaultPlan()
        plan.add("hang", times=100)
        threads = [
            threading.Thread(target=self.happened, args=(plan, *["a"] * 50)) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert plan.fired["hang"] == 100


def test_the_connection_serves_on_after_a_status(aidp):
    aidp.faults.add("status")
    with requests.Session() as session:
        answers = [session.send(request_to_create(aidp)).status_code for _ in range(2)]
    assert answers == [503, 200]
    assert send(request_to_create(aidp)).status_code == 409
