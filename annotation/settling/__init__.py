"""What a curator sees where readers differ: their answers side by side, the form, the thread."""
