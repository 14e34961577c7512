"""The reader: their own work, settings, wellbeing and notices, and what the review screen starts with."""
