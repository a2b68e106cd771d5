"""What ten probabilities say in words."""

import dataclasses
from collections.abc import Sequence

NOTHING = 0.005  # a share below this is no guess: it would be written as "<1 %"
NO_DIGIT = 0.5  # if the largest share is below this, there is no digit
SURE = 0.8  # a digit of a smaller share is not sure, unless a person chooses another threshold


@dataclasses.dataclass(frozen=True)
class TopGuesses:
    """The first and the second guess, and whether the first is good enough to be said aloud.

    A digit is sure or not sure; where even the first guess is weaker than `NO_DIGIT`, there is no digit.
    """

    digit: int
    probability: float
    second: int
    second_probability: float
    sure: bool

    @property
    def is_digit(self) -> bool:
        """Whether it is a digit at all."""
        return self.probability >= NO_DIGIT

    @property
    def sign(self) -> str:
        """The big digit; "?" where there is none."""
        return str(self.digit) if self.is_digit else "?"

    @property
    def headline(self) -> str:
        """The sentence under the big digit."""
        if not self.is_digit:
            return "no digit"
        return f"{percent(self.probability)} sure" if self.sure else "not sure"

    @property
    def summary(self) -> str:
        """All of it as the beginning of a text."""
        if not self.is_digit:
            return f"No digit, {self.alternative}"
        return f"{self.digit}, {self.headline}"

    @property
    def alternative(self) -> str:
        """The sentence about the second guess, or about the first of what is no digit; or nothing."""
        if not self.is_digit:
            return f"most like {self.digit} ({percent(self.probability)})"
        if self.second_probability < NOTHING:
            return ""
        return f"second guess: {self.second} ({percent(self.second_probability)})"


def top_guesses(probabilities: Sequence[float], threshold: float) -> TopGuesses:
    """Judge the probabilities of the ten digits.

    Args:
        probabilities: ten numbers, 0 to 1.
        threshold: the least probability, 0 to 1, at which the first guess counts as sure, if it is a digit.

    Example:
        >>> shares = [0.0, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.9, 0.0, 0.0]
        >>> top_guesses(shares, 0.8).headline, top_guesses(shares, 0.8).alternative
        ('90 % sure', 'second guess: 1 (10 %)')
        >>> top_guesses(shares, 0.95).headline
        'not sure'
        >>> top_guesses([0.28, *9 * [0.08]], 0.8).headline, top_guesses([0.28, *9 * [0.08]], 0.8).alternative
        ('no digit', 'most like 0 (28 %)')
    """
    first, second = sorted(range(len(probabilities)), key=lambda i: -probabilities[i])[:2]
    return TopGuesses(
        first,
        probabilities[first],
        second,
        probabilities[second],
        sure=probabilities[first] >= max(threshold, NO_DIGIT),
    )


def number_read(number: Sequence[Sequence[Sequence[float]]], threshold: float) -> str:
    """Return a number's digits as they are read, "?" for what is not sure or none, a slash after a row.

    Args:
        number: of each row, of each digit the probabilities of all ten.
        threshold: see `top_guesses`.

    Example:
        >>> number_read([[[0.0, 0.9, 0.1] + 7 * [0.0], [0.5, 0.5] + 8 * [0.0]]], 0.8)
        '1?'
    """
    rows = [[top_guesses(shares, threshold) for shares in row] for row in number]
    return " / ".join("".join(str(one.digit) if one.sure else "?" for one in row) for row in rows)


def percent(share: float) -> str:
    """Write a share as a percentage that never rounds a doubt away.

    Example:
        >>> percent(0.5), percent(0.9997), percent(0.0004), percent(0)
        ('50 %', '>99 %', '<1 %', '0 %')
    """
    text = f"{100 * share:.0f} %"
    if text == "100 %" and share < 1:
        return ">99 %"
    if text == "0 %" and share > 0:
        return "<1 %"
    return text
