"""The Celery application of a worker that runs the fake programs: ``celery -A tests.training.fake.worker worker``."""

from studio.celery import app
from training import child

child.PACKAGE = "tests.training.fake"

__all__ = ["app"]
