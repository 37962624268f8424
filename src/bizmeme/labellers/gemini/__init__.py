"""Gemini as a labeller: generateContent live or in batches, or decisions with probabilities."""

from bizmeme.labellers.gemini.adapter import build
from bizmeme.labellers.gemini.config import Config

__all__ = ["Config", "build"]
