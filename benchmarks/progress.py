"""Shows which row is being measured and how long it will take: a bar in a terminal, else plain lines."""

import sys
import time


class Progress:
    """A progress bar on standard error, so that the table on standard output can be piped.

    Args:
        plans: the `rows.Plan`s that will be measured, in order.
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
        """Show that this plan is running now."""
        self.begun += 1
        words = f"{self.begun}/{self.count} {plan.name}"
        if self.bar.disable:
            minutes, seconds = divmod(int(time.perf_counter() - self.start), 60)
            print(f"{minutes:3d}:{seconds:02d} {words}", file=sys.stderr, flush=True)
        else:
            self.bar.set_description_str(words)

    def done(self, plan):
        """Advance the bar by the plan's expected cost."""
        self.bar.update(plan.cost)

    def close(self):
        """Remove the bar."""
        self.bar.close()
