"""The archive of the simulated board: HTML pages as Warosu prints them, in five generations of its markup.

archive    what it holds of the world, and what it alone still has
query      its search, with the real one's limits
dialects   how the generations differ
pages      index, thread, results, errors          (posts: one post; comments: its words; tree: elements)
"""
