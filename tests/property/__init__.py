"""What must hold for every input, tried on many that nobody thought of."""
