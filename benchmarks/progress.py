"""Which row is running, and how long it will take: a bar in a terminal, plain lines elsewhere."""

import sys
import time


class Progress:
    """Speaks on standard error, so that the table can be piped.

    Args:
        plans: what will be measured, in order.
    """

    def __init__(self, plans):
        from tqdm import tqdm

        self.count, self.begun, self.start = len(plans), 0, time.perf_counter()
        self.bar = tqdm(
            total=sum(plan.cost for plan in plans),
            disable=not sys.stderr.isatty(),
            leave=False,
            bar_format="{desc} {bar:20} about {remaining} left",
        )

    def begin(self, plan):
        """Say what is running now."""
        self.begun += 1
        words = f"{self.begun}/{self.count} {plan.name}"
        if self.bar.disable:
            minutes, seconds = divmod(int(time.perf_counter() - self.start), 60)
            print(f"{minutes:3d}:{seconds:02d} {words}", file=sys.stderr, flush=True)
        else:
            self.bar.set_description_str(words)

    def done(self, plan):
        """Move on by what the row was expected to take; the bar learns how long that is here."""
        self.bar.update(plan.cost)

    def close(self):
        """Take the bar away."""
        self.bar.close()
