"""Players against each other: matches, and a network that learns from its own games.

Chapter 16 shows what is in here; nothing else in the workbook needs it.
"""
