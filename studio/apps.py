"""Django's entry for this app."""

from django.apps import AppConfig


class StudioConfig(AppConfig):
    name = "studio"
