"""Walks an archive once: every page is kept as it came, so that a mended parser asks for nothing again.

adapter     the plug-in door's `build`
fetching    pages and files, read before they are kept
kept        the pages, as they came
reach       how far earlier walks came
"""

from bizmeme.collectors.warosu.adapter import Archive, build
from bizmeme.sources.warosu import Config

__all__ = ["Archive", "Config", "build"]
