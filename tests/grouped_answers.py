"""Answers of several groups from one population, for tests that compare groups."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tcsmodel.spec.model import ModelSpec

SPEC = ModelSpec.parse("""
Image   =~ i1 + i2 + i3
Quality =~ q1 + q2
Sat     =~ s1
Quality ~ Image
Sat     ~ Image + Quality
""")
ITEMS = list(SPEC.items)


def sample(n=120, seed=1, groups=2):
    """Return answers of groups from one population, the label of each in `brand`."""
    generator = np.random.default_rng(seed)
    image = generator.normal(size=n)
    quality = 0.6 * image + 0.8 * generator.normal(size=n)
    sat = 0.3 * image + 0.5 * quality + 0.7 * generator.normal(size=n)
    columns = [image, image, image, quality, quality, sat]
    noise = 0.6 * generator.normal(size=(n, 6))
    noise[:, 5] = 0
    frame = pd.DataFrame(np.column_stack(columns) + noise, columns=ITEMS)
    return frame.assign(brand=np.array(list("ABCDE"))[np.arange(n) % groups])


def in_group(frame, label):
    return frame[frame["brand"] == label]
