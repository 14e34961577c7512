"""Texts of people in the cells of a CSV file, where a spreadsheet would take some for formulas and run them."""

STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What a formula begins with."""


def tame(text: str) -> str:
    """The text, behind an apostrophe where it would be a formula; also where it looks tamed already."""
    return f"'{text}" if text.lstrip("'").startswith(STARTS) else text


def untame(cell: str) -> str:
    """What `tame` made of a text, as it was."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(STARTS) else cell
