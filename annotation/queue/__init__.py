"""The queue: who sits where, what they see of an item, and how many readers it wants; gold items and onboarding."""
