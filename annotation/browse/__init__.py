"""The data browser: filters, search and pages, saved views, and what is done to many items at once."""
