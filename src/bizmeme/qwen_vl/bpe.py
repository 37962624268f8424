"""Trains a byte-level BPE tokenizer in Qwen's own form on texts of ours.

    qwen_tokenizer(texts, words=("bearish", …), size=1024) -> a Qwen2Tokenizer; "bearish" is one token

tokenizers and transformers are imported at first use.
"""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bizmeme.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import Qwen2Tokenizer

PAD, EOS = "<|endoftext|>", "<|im_end|>"
VISION_START, VISION_END = "<|vision_start|>", "<|vision_end|>"
IMAGE, VIDEO = "<|image_pad|>", "<|video_pad|>"
# Qwen's control tokens that the chat template or the processor uses.
SPECIAL = (PAD, "<|im_start|>", EOS, VISION_START, VISION_END, "<|vision_pad|>", IMAGE, VIDEO)


def qwen_tokenizer(texts: Sequence[str], *, words: Sequence[str], size: int) -> "Qwen2Tokenizer":
    """A tokenizer of at most `size` tokens in which each of `words` is one token at the start of a line.

    That is where an answer stands. Raises ModelError where `size` leaves a word in pieces.
    """
    from transformers import Qwen2Tokenizer

    trained = json.loads(_trained(_corpus(texts, words), size - len(SPECIAL)).to_str())["model"]
    tokenizer = Qwen2Tokenizer(
        vocab=trained["vocab"],
        merges=[tuple(merge) for merge in trained["merges"]],
        unk_token=None,
        eos_token=EOS,
        pad_token=PAD,
        extra_special_tokens=list(SPECIAL),
    )
    split = [word for word in words if len(tokenizer.encode(word)) != 1]
    if split:
        raise ModelError(f"The tokenizer splits {', '.join(split)}. Raise vlm.sizes.vocabulary above {size}.")
    return tokenizer


def _corpus(texts: Sequence[str], words: Sequence[str]) -> Iterator[str]:
    yield from texts
    # As often as there are texts: BPE joins what is frequent, and these words decide.
    yield from ["\n".join(words)] * max(len(texts), 1)


def _trained(corpus: Iterator[str], size: int) -> "Tokenizer":
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

    bare = Tokenizer(models.BPE())
    bare.normalizer = normalizers.NFC()
    split = pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), behavior="isolated", invert=False)
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    bare.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
    bare.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    bare.train_from_iterator(corpus, trainer)
    return bare
