"""Door: answers of any model from a file."""

from annotation import exchange
from annotation.management.commands._import import ImportCommand


class Command(ImportCommand):
    help = "Import answers of any model: prompt, completion, model, and what import_prompts reads."
    verb = staticmethod(exchange.import_answers)
