"""The site: roof (urls, celery, home, launcher) and ground (people, projects, rights, audit)."""

from studio.celery import app as celery_app

__all__ = ["celery_app"]
