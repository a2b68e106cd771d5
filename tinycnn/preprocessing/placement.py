"""Where MNIST's field lies on a drawing or a picture: the way there, and exactly the same way back."""

from typing import NamedTuple

import numpy as np


class Placement(NamedTuple):
    """Scaling and shifting, along each axis by itself: there = scale · here + shift.

    Args:
        scale: (across, down), how long one unit of here is there; 0 if here all is one point.
        shift: (across, down), where the origin of here lies there.

    Example:
        >>> placement = Placement((20.0, 20.0), (4.0, 4.0))
        >>> placement.apply([[0.5, 0.25]]).tolist(), placement.invert([[14.0, 9.0]]).tolist()
        ([[14.0, 9.0]], [[0.5, 0.25]])
    """

    scale: tuple[float, float]
    shift: tuple[float, float]

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Return where points (n, 2) of here, (x, y), lie there."""
        return np.asarray(points, np.float64) * self.scale + self.shift

    def invert(self, points: np.ndarray) -> np.ndarray:
        """Return where points (n, 2) of there, (x, y), lie here.

        Raises:
            ValueError: all of here is one point there.
        """
        if 0 in self.scale:
            raise ValueError(f"a scale of 0 has no way back. Received: scale={self.scale}")
        return (np.asarray(points, np.float64) - self.shift) / self.scale

    def then(self, other: "Placement") -> "Placement":
        """Return the placement that does first this, then the other.

        Example:
            >>> Placement((2.0, 2.0), (1.0, 0.0)).then(Placement((3.0, 3.0), (0.0, 5.0)))
            Placement(scale=(6.0, 6.0), shift=(3.0, 5.0))
        """
        pairs = [
            (a * c, b * c + d)
            for a, b, c, d in zip(self.scale, self.shift, other.scale, other.shift, strict=True)
        ]
        (across, left), (down, top) = pairs
        return Placement((across, down), (left, top))


def moved(top: float, left: float) -> Placement:
    """Return the placement that only shifts, by rows and columns."""
    return Placement((1.0, 1.0), (float(left), float(top)))
