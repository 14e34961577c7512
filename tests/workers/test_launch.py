"""The launcher and all it starts: it serves, survives deaths, and leaves nothing behind."""

import os
import signal
import urllib.request

from tests.live import alive, free_port, until


def test_the_studio_starts_serves_survives_deaths_and_leaves_nothing(live_studio):
    port = free_port()
    studio = live_studio("--port", str(port))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/") as page:
        assert page.status == 200
    assert (studio.data_dir / "redis.sock").stat().st_mode & 0o777 == 0o700
    first = studio.pid("redis")
    until(lambda: len(studio.family()) >= 12)  # undertaker, redis, web and its 2, three workers and their 1 each, beat
    mark = len(studio.lines)
    os.kill(first, signal.SIGKILL)
    studio.wait_for(r"redis +\| ended \(killed by SIGKILL\).*starting it again in 1 s", after=mark)
    studio.wait_for(r"redis +\| started, pid", after=mark)
    assert studio.pid("redis") != first
    family = studio.family()
    assert studio.stop() == 0
    assert [pid for pid in family if alive(pid)] == []
    assert "everything is stopped" in studio.said


def test_an_unreadable_redis_log_is_set_aside_and_a_killed_launcher_leaves_nothing(live_studio, own_data_folder):
    damaged = own_data_folder / "redis" / "appendonlydir" / "appendonly.aof.manifest"
    damaged.parent.mkdir(parents=True)
    damaged.write_text("garbage")
    studio = live_studio("--no-web")
    assert "Redis could not read its log; moved it to" in studio.said
    until(lambda: len(studio.family()) >= 9)  # undertaker, redis, three workers and their 1 each, beat
    family = studio.family()
    os.kill(studio.process.pid, signal.SIGKILL)
    until(lambda: not [pid for pid in family if alive(pid)])
