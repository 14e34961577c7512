"""Django's entry for this app."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"
