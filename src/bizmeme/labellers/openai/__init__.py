"""OpenAI as a labeller: chat with a strict schema, live or in batches, and decisions, by the vendor's SDK."""

from bizmeme.labellers.openai.adapter import OpenAiLabeller, build
from bizmeme.labellers.openai.config import Config

__all__ = ["Config", "OpenAiLabeller", "build"]
