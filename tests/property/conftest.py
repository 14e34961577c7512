"""No real input, but the same examples in every run."""

from tests import examples  # noqa: F401  # chooses them
