"""How chapters are written, run and checked: for maintainers to read."""
