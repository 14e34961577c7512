"""What the queue's benchmark is made of: a world of items and people, and the people themselves."""
