"""Warosu: an archive of the board that runs fuuka and answers in HTML alone.

adapter    the section `source`, the plug-in door's `build`, ports.Source
walk       which index pages and threads are asked for          (search: a search's pages)
stamps     whose clock a page is on → RawPost
pages      a page → its threads and posts                       (posts, comments, dom)
"""

from bizmeme.sources.warosu.adapter import Config, Warosu, build

__all__ = ["Config", "Warosu", "build"]
