"""What a reader turns, draws and types in: for maintainers to read."""
