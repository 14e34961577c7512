"""The production web server in a process of its own, on the test's database, that a test may kill."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from django.conf import settings
from django.test import Client

from studio.launch.programs import web
from studio.models import User
from tests.live import ROOT, database_url, free_port, until


class WebServer:
    def __init__(self, data_dir: Path):
        self.port = free_port()
        self.home = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        facts = {"STUDIO_DATA": str(data_dir), "DATABASE_URL": database_url(), "SECRET_KEY": settings.SECRET_KEY}
        self.env = {**os.environ, **facts, "LOG_LEVEL": "ERROR"}
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
        subprocess.run(collect, cwd=ROOT, env=self.env, check=True)

    def start(self) -> None:
        argv = web("127.0.0.1", self.port, {}).argv
        self.process = subprocess.Popen(argv, cwd=ROOT, env=self.env, start_new_session=True)
        until(self.answers)

    def answers(self) -> bool:
        try:
            with urlopen(f"{self.home}/health/", timeout=5) as reply:
                return reply.status == 200
        except (URLError, OSError):
            return False

    def pause(self) -> None:
        self.signal(signal.SIGSTOP)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(10)
        self.process = None

    def signal(self, number: int) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def stop(self) -> None:
        if self.process is not None:
            self.kill()


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return str(client.cookies["sessionid"].value)
