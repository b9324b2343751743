"""Alpha bleeding: transparent pixels take the colour of the ink around them.

What scales a picture, or halves the resolution of its colours (4:2:0), averages the colours of neighbours whatever
their opacity: transparent black would leave a dark rim around every letter. The colour is filled in from ever coarser
means, each weighted by opacity (push and pull: Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4.3).
"""

from __future__ import annotations

import pyvips


def bled(picture: pyvips.Image) -> pyvips.Image:
    """The same 8-bit RGBA picture to the eye; opaque ones as they are."""
    if picture[3].min() > 0:
        return picture
    colours = _filled(picture[0:3].cast("float") * picture[3] / 255, picture[3].cast("float") / 255)
    colour = (picture[3] > 0).ifthenelse(picture[0:3], colours.rint().cast("uchar"))
    return colour.bandjoin(picture[3]).copy(interpretation="srgb")


def _filled(weighted: pyvips.Image, weight: pyvips.Image) -> pyvips.Image:
    """Colours, with those of pixels without weight taken from the picture at half the size."""
    own = (weight > 0).ifthenelse(weighted / (weight + (weight == 0) / 255), [0.0, 0.0, 0.0])
    if max(weight.width, weight.height) == 1 or weight.min() > 0:
        return own
    width, height = weight.width, weight.height
    even = (width + width % 2, height + height % 2)
    halves = [one.embed(0, 0, *even).shrink(2, 2).copy_memory() for one in (weighted, weight)]
    coarse = _filled(*halves).resize(2, kernel="nearest").crop(0, 0, width, height)
    return (weight > 0).ifthenelse(own, coarse)
