"""The Qwen2.5-VL architecture: load a base in 4 bits, pre-train a tiny one, fine-tune, ask a student.

What the families in vlms/ share. torch and its libraries load at first use, inside functions; only sft.py
and watch.py load them at import, and are themselves imported at first use.
"""
