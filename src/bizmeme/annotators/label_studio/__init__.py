"""Label Studio: pushes posts as tasks, exports what people said, through the vendor's SDK."""

from bizmeme.annotators.label_studio.adapter import Config, LabelStudio, build

__all__ = ["Config", "LabelStudio", "build"]
