"""How a check works: `attempt` calls an answer, `judge` compares, `diagnoses` explains.

Nothing here knows a chapter's exercises: a learner's kernel sees it while it is graded.
"""
