"""How dates are written; the languages that have no file here write them as Django knows."""
