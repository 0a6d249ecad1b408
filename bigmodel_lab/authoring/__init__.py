"""How chapters are written, run and checked: for maintainers."""
