"""The modules behind ./dev. Those that run in the virtual environment say so in their first line;
all others use Python's standard library only."""
