"""The protocol of the shared loops, in every order in which its steps can be taken.

A model of `thread_pool` small enough to try all: callers that each run loops of three spans, and helpers.
A step is what happens in one go (under the GIL, or one atomic store); after each, anybody may be next.
"""

from collections.abc import Iterator
from typing import NamedTuple, Self

import pytest

SPANS, TICKETS = 3, 2


class Loop(NamedTuple):
    """What is shared about one loop. `log` has who runs a span and which spans are done."""

    left: int = 0
    tickets: int = 0
    flags: tuple = (False,) * TICKETS
    bell: int = 0  # rings waiting to be heard
    running: int = 0
    done: int = 0
    returned: bool = False


class Thread(NamedTuple):
    """Where a thread stands, and what it remembers."""

    step: str
    loop: int = -1
    ticket: int = -1
    seen: int = -1
    spinning: bool = False
    more: int = 0  # loops to come


class State(NamedTuple):
    """Everything. The number of the latest loop is its index here."""

    loops: tuple
    threads: tuple
    latest: int = -1
    bells: tuple = ()  # of the helpers
    sleeping: tuple = ()

    def with_loop(self, index: int, **changes: object) -> Self:
        loop = self.loops[index]._replace(**changes)
        return self._replace(loops=(*self.loops[:index], loop, *self.loops[index + 1 :]))

    def with_thread(self, index: int, **changes: object) -> Self:
        thread = self.threads[index]._replace(**changes)
        return self._replace(threads=replaced(self.threads, index, thread))


def replaced(values: tuple, index: int, value: object) -> tuple:
    return (*values[:index], value, *values[index + 1 :])


class Protocol:
    """The steps. Subclasses break one each."""

    def caller(self, state: State, me: int) -> Iterator[State]:
        thread = state.threads[me]
        loop = state.loops[thread.loop] if thread.loop >= 0 else None
        if thread.step == "begin" and thread.more:
            new = Loop(left=SPANS, tickets=TICKETS)
            index = len(state.loops)
            state = state._replace(loops=(*state.loops, new), latest=index)
            yield state.with_thread(me, step="wake", loop=index, ticket=0, more=thread.more - 1)
        elif thread.step == "wake":
            helper, is_last = thread.ticket, thread.ticket + 1 == len(state.bells)
            if state.sleeping[helper]:
                bells = replaced(state.bells, helper, state.bells[helper] + 1)
                state = state._replace(bells=bells)
            yield state.with_thread(me, step="take" if is_last else "wake", ticket=helper + 1)
        elif thread.step == "take":
            yield from self.take(state, me, "look")
        elif thread.step == "run":
            yield self.ran(state, me)
        elif thread.step == "look":
            if not any(loop.flags):
                yield state.with_loop(thread.loop, returned=True).with_thread(me, step="begin")
            else:  # the looks may be over before the flag is down
                yield state.with_thread(me, step="sleep")
        elif thread.step == "sleep" and loop.bell:
            yield state.with_loop(thread.loop, bell=loop.bell - 1).with_thread(me, step="look")

    def helper(self, state: State, me: int, number: int) -> Iterator[State]:
        thread = state.threads[me]
        if thread.step == "begin":
            yield state.with_thread(me, step="ticket", seen=state.latest, loop=state.latest)
        elif thread.step == "ticket":
            loop = state.loops[thread.loop] if thread.loop >= 0 else None
            if loop is None or loop.tickets == 0:
                yield state.with_thread(me, step="doze")
            else:
                state = state.with_loop(thread.loop, tickets=loop.tickets - 1)
                yield self.joined(state, me, loop.tickets - 1)
        elif thread.step == "raise":
            yield self.flagged(state, me, True).with_thread(me, step="take")
        elif thread.step == "take":
            yield from self.take(state, me, "lower")
        elif thread.step == "run":
            yield self.ran(state, me)
        elif thread.step == "lower":
            yield self.flagged(state, me, False).with_thread(me, step="ring")
        elif thread.step == "ring":
            bell = state.loops[thread.loop].bell + 1
            yield state.with_loop(thread.loop, bell=bell).with_thread(me, step="doze")
        elif thread.step == "doze":
            sleeping = replaced(state.sleeping, number, True)
            yield state._replace(sleeping=sleeping).with_thread(me, step="check")
        elif thread.step == "check":
            if state.latest == thread.seen:
                yield state.with_thread(me, step="asleep")
            else:
                sleeping = replaced(state.sleeping, number, False)
                yield state._replace(sleeping=sleeping).with_thread(me, step="begin")
        elif thread.step == "asleep" and state.bells[number]:
            bells = replaced(state.bells, number, state.bells[number] - 1)
            yield state._replace(bells=bells).with_thread(me, step="check")

    def joined(self, state: State, me: int, ticket: int) -> State:
        return state.with_thread(me, step="raise", ticket=ticket)

    def flagged(self, state: State, me: int, up: bool) -> State:
        thread = state.threads[me]
        flags = replaced(state.loops[thread.loop].flags, thread.ticket, up)
        return state.with_loop(thread.loop, flags=flags)

    def take(self, state: State, me: int, when_none_is_left: str) -> Iterator[State]:
        thread = state.threads[me]
        loop = state.loops[thread.loop]
        if loop.left == 0:
            yield state.with_thread(me, step=when_none_is_left)
            return
        begun = state.with_loop(thread.loop, left=loop.left - 1, running=loop.running + 1)
        yield begun.with_thread(me, step="run")

    def ran(self, state: State, me: int) -> State:
        index = state.threads[me].loop
        loop = state.loops[index]
        changed = state.with_loop(index, running=loop.running - 1, done=loop.done + 1)
        return changed.with_thread(me, step="take")

    def successors(self, state: State, callers: int) -> Iterator[State]:
        for me in range(len(state.threads)):
            if me < callers:
                yield from self.caller(state, me)
            else:
                yield from self.helper(state, me, me - callers)


def explore(protocol: Protocol, callers: int, helpers: int, loops: int) -> int:
    """Visit every state that can be reached; return how many there are.

    Raises:
        AssertionError: where a loop has returned too early, or nobody can go on before all is done.
    """
    threads = (Thread("begin", more=loops),) * callers + (Thread("begin"),) * helpers
    start = State((), threads, bells=(0,) * helpers, sleeping=(False,) * helpers)
    known, to_do = {start}, [start]
    while to_do:
        state = to_do.pop()
        for loop in state.loops:
            early = loop.returned and (loop.running or loop.done != SPANS)
            assert not early, "a loop has returned while somebody works on it"
        after = list(protocol.successors(state, callers))
        done = all(thread.step == "begin" and not thread.more for thread in state.threads[:callers])
        assert after or done, "all wait for each other"
        for one in after:
            if one not in known:
                known.add(one)
                to_do.append(one)
    return len(known)


@pytest.mark.parametrize(
    ("callers", "helpers", "loops"),
    [pytest.param(1, 2, 2, marks=pytest.mark.slow), (1, 1, 4), (2, 1, 1)],
)
def test_no_order_of_steps_returns_early_or_stops_all(callers, helpers, loops):
    assert explore(Protocol(), callers, helpers, loops) > 500


class FlagAfterTheFirstSpan(Protocol):
    def helper(self, state, me, number):
        if state.threads[me].step == "raise":
            yield state.with_thread(me, step="take")
        else:
            yield from super().helper(state, me, number)

    def ran(self, state, me):
        state = super().ran(state, me)
        return state if state.threads[me].ticket < 0 or me == 0 else self.flagged(state, me, True)


class RingBeforeTheFlagIsDown(Protocol):
    def helper(self, state, me, number):
        thread = state.threads[me]
        if thread.step == "lower":
            bell = state.loops[thread.loop].bell + 1
            yield state.with_loop(thread.loop, bell=bell).with_thread(me, step="ring")
        elif thread.step == "ring":
            yield self.flagged(state, me, False).with_thread(me, step="doze")
        else:
            yield from super().helper(state, me, number)


class NobodyRings(Protocol):
    def helper(self, state, me, number):
        if state.threads[me].step == "ring":
            yield state.with_thread(me, step="doze")
        else:
            yield from super().helper(state, me, number)


class CallerThatDoesNotWait(Protocol):
    def caller(self, state, me):
        thread = state.threads[me]
        if thread.step == "look":
            yield state.with_loop(thread.loop, returned=True).with_thread(me, step="begin")
        else:
            yield from super().caller(state, me)


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        (FlagAfterTheFirstSpan, "while somebody works on it"),
        (CallerThatDoesNotWait, "while somebody works on it"),
        (RingBeforeTheFlagIsDown, "wait for each other"),
        (NobodyRings, "wait for each other"),
    ],
)
def test_a_broken_protocol_is_found_out(broken, what):
    with pytest.raises(AssertionError, match=what):
        explore(broken(), callers=1, helpers=2, loops=1)
