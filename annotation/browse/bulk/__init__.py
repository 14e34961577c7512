"""What curators do to many items at once: six actions, each in a file, and their common course: plan, deed and undo."""
