"""Door: prompts from a file."""

from annotation import exchange
from annotation.management.commands._import import ImportCommand


class Command(ImportCommand):
    help = "Import prompts: text or messages, topic, external_id, metadata, split."
    verb = staticmethod(exchange.import_prompts)
