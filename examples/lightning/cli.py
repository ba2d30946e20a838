"""The same training from a configuration: python cli.py fit --config config.yaml."""

from __future__ import annotations

from lightning.pytorch.cli import LightningCLI
from train_digits import Digits, Reader

if __name__ == "__main__":
    LightningCLI(Reader, Digits)
