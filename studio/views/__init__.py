"""The studio's own doors: home and projects, people and invitations, one's own settings, the audit book."""
