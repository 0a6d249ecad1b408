"""Ideas by hand, one a file, tested against a library: for learners to read."""
