"""A trained model for others: a server, a client that loads it, a page that needs none.

Chapter 11 shows what is in here; nothing else in the workbook needs it.
"""
