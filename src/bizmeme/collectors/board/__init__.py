"""One board, looked at again and again through its JSON API.

adapter    the plug-in door's `build`
watch      look, fetch, wait, look again
catalog    what the catalog proves is written down     (core/catalog.py: the proof)
threads    what it cannot prove is fetched            (turns: when a thread may be asked for)
desk       what is known; the one way to ask and to write down
pages      the JSON itself
"""

from bizmeme.collectors.board.adapter import Board, build
from bizmeme.sources.board import Config

__all__ = ["Board", "Config", "build"]
