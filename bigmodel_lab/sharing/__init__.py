"""Data and models for others, with less given away: sealed, logged, noisy, federated.

Chapter 12 shows what is in here; nothing else in the workbook needs it.
"""
