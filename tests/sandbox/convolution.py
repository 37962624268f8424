"""A small convolutional network: what can be learnt from pictures alone, scene and mood at once."""

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

_EPOCHS = 4
_BATCH = 64
_HIGHEST_RATE = 4e-3

Pixels = npt.NDArray[np.float32]  # (n, 3, side, side)
Classes = npt.NDArray[np.int64]  # (n,)


class Net(nn.Module):
    """Three convolutions, two heads."""

    def __init__(self, scenes: int, moods: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_block(3, 16), *_block(16, 32), *_block(32, 64), nn.AdaptiveAvgPool2d(2), nn.Flatten()
        )
        self.scene = nn.Linear(256, scenes)
        self.mood = nn.Linear(256, moods)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores of scenes and of moods."""
        features = self.body(pixels)
        return self.scene(features), self.mood(features)


def _block(channels: int, wider: int) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(channels, wider, 3, padding=1)
    return convolution, nn.BatchNorm2d(wider), nn.ReLU(), nn.MaxPool2d(2)


def fit(pixels: Pixels, scenes: Classes, moods: Classes) -> Net:
    """Train on both; the same for the same."""
    torch.manual_seed(0)
    model = Net(int(scenes.max()) + 1, int(moods.max()) + 1)
    shown, scene, mood = torch.from_numpy(pixels), torch.from_numpy(scenes), torch.from_numpy(moods)
    batches = len(shown) // _BATCH
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _HIGHEST_RATE, total_steps=_EPOCHS * batches)
    for _ in range(_EPOCHS):
        for batch in torch.randperm(len(shown))[: batches * _BATCH].reshape(batches, _BATCH):
            optimiser.zero_grad()
            scenes_said, moods_said = model(shown[batch])
            loss = nn.functional.cross_entropy(scenes_said, scene[batch])
            (loss + nn.functional.cross_entropy(moods_said, mood[batch])).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return model.eval()


def predict(model: Net, pixels: Pixels) -> tuple[Classes, Classes]:
    """The likeliest scene and mood of each picture."""
    with torch.no_grad():
        said = [model(part) for part in torch.from_numpy(pixels).chunk(1 + len(pixels) // 512)]
    scenes, moods = (torch.cat([each[head].argmax(1) for each in said]).numpy() for head in (0, 1))
    return scenes, moods
