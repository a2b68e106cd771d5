"""A recorded computation repeated natively: all its kernels by one call, on all threads, without the GIL.

A step of a small net launches thirty kernels of some ten microseconds. Called one by one from Python, what
stands round each costs more than the kernel: checks, new arrays, the hand-over of the GIL to another thread.

`Program` takes the entries of a `Recorder`. Each launch becomes a row of a table: the address of its machine
code, the address of its packed arguments, its length. Every thread runs `run_launches`: it claims parts of a
launch until none is left, waits until all parts are finished, and goes on to the next launch. A thread that
comes late finds less to do, or nothing. Python calls between kernels are done by the caller's thread.

`claims` and `finished` count the parts of each launch. They are set to 0 before a run: no thread of an
earlier one is there any more, see `ThreadPool.run_together`.
"""

import functools
import inspect
import os
import struct
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.parallel.atomics import atomic_add, atomic_load
from tinycnn.ops.kernels.parallel.thread_pool import Waiting, clear_flag_and_spin, workers
from tinycnn.utils.recording import Call, Launch, arrays_in, root_of

CELL = 8  # distance of two cells in an int64 array: each has a cache line of its own
CHEAPER = 32  # a thread that is here already pays for so much less work than one that must be woken
OK, NONE = 0, -2  # what a kernel returns if all went well, in Numba's convention
FORMATS = {8: "B", 16: "H", 32: "I", 64: "Q"}  # of `struct`, by the bits of an integer


@intrinsic
def call_packed(typing_context, function_address, packed, start, stop):
    """Call the function at an address from `trampoline`; return its status, 0 if all went well."""

    def codegen(context, builder, signature, arguments):
        """Emit the code of a call: Numba runs this while it compiles a caller."""
        word = ir.IntType(64)
        kind = ir.FunctionType(ir.IntType(32), [word] * 3)
        function = builder.inttoptr(arguments[0], kind.as_pointer())
        return builder.call(function, arguments[1:])

    return types.int32(*[types.int64] * 4), codegen


@jit
def run_launches(table, claims, finished, failures, first, last, threads, spins, leads):
    """Do launches first to last - 1 together with other threads; return the first that is not finished yet.

    Args:
        table: int64 (launches, 4): address of the code, or 0 for Python calls, address of the packed
            arguments, length, grain.
        claims, finished: the cells, int64.
        failures: int64 (1,), counts parts that failed.
        first, last: which launches.
        threads: how many share a launch at most.
        spins: how often to look whether a launch is finished before returning.
        leads: whether this is the caller's thread, which has done the Python calls of launch `first`.
    """
    for launch in range(first, last):
        address, packed, length, grain = table[launch]
        parts, cell = max(1, min(threads, length // max(1, grain))), launch * CELL
        if address == 0 and leads:
            atomic_add(finished, cell, 1)
        while address != 0:
            part = atomic_add(claims, cell, 1)
            if part >= parts:
                break
            start, stop = length * part // parts, length * (part + 1) // parts
            status = call_packed(address, packed, start, stop)
            if status != OK and status != NONE:
                atomic_add(failures, 0, 1)
            atomic_add(finished, cell, 1)
        looks = 0
        while atomic_load(finished, cell) != parts:
            looks += 1
            if looks > spins:
                return launch
    return last


@jit
def help_and_wait(table, claims, finished, failures, threads, spins, waiting):
    """Help with all launches, then do `clear_flag_and_spin`: a helper that took the GIL would come late."""
    run_launches(table, claims, finished, failures, 0, len(table), threads, spins, False)
    flags, ticket, caller_sleeps, latest, seen, looks, backoff = waiting
    clear_flag_and_spin(flags, ticket, caller_sleeps, latest, seen, looks, backoff)


class Program:
    """What a `Recorder` wrote down, to be repeated with the same arrays.

    Args:
        entries: of a recorder, whose kernels have run.

    Raises:
        TypeError: for an argument that cannot be packed.
    """

    def __init__(self, entries: list[Launch | Call]):
        self.entries, self.calls, rows = entries, [], []  # calls: (their launch, those in a row)
        self._packed: list[np.ndarray] = []  # the arguments of each launch, bytes
        self.first, rest = calls_first(entries)
        self.last: list[Call] = []
        while rest and isinstance(rest[-1], Call):
            self.last.insert(0, rest.pop())
        for entry in rest:
            if isinstance(entry, Launch):
                rows.append(self._row(entry))
            elif self.calls and self.calls[-1][0] == len(rows) - 1:
                self.calls[-1][1].append(entry)
            else:
                self.calls.append((len(rows), [entry]))
                rows.append((0, 0, 1, 1))
        self.table = np.array(rows, np.int64).reshape(-1, 4)
        self.claims, self.finished = np.zeros((2, max(1, len(rows)) * CELL), np.int64)
        self.failures, self.threads, self.spins = np.zeros(1, np.int64), 1, 0

    def _row(self, launch: Launch) -> tuple[int, int, int, int]:
        """Return the launch's row of the table."""
        signature = inspect.signature(launch.kernel.py_func)
        values = signature.bind(0, 0, *launch.arguments, **launch.named).args
        kinds = tuple(launch.kernel.typeof_pyval(value) for value in values)
        compiled = launch.kernel.overloads[kinds]
        fields = [
            field for pair in zip(kinds[2:], values[2:], strict=True) for field in flat(*pair)
        ]
        target = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
        address, layout, _ = trampoline(target, compiled.signature.args)
        fields = [
            field % 2**64 if letter == "Q" else field
            for field, letter in zip(fields, layout[1:], strict=True)
        ]
        self._packed.append(np.frombuffer(struct.pack(layout, *fields), np.uint8))
        return address, self._packed[-1].ctypes.data, launch.length, max(1, launch.grain // CHEAPER)

    def run(self) -> None:
        """Repeat everything, on all threads. Only one thread at a time may call this.

        Raises:
            MemoryError: if a kernel could not allocate memory for itself.
        """
        for cells in (self.claims, self.finished, self.failures):
            cells[:] = 0
        # Read once: all must cut a launch into the same parts, though the number of threads may change.
        self.threads, self.spins = workers.get_count(), workers.spins
        # Python before and behind all kernels: a helper that needs the GIL meanwhile falls asleep.
        for call in self.first:
            call.repeat()
        if len(self.table):
            workers.run_together(self._lead, self._help)
        if self.failures[0]:
            raise MemoryError("a kernel could not allocate the memory that it needs for itself")
        for call in self.last:
            call.repeat()

    def _lead(self) -> None:
        """Do all launches and calls, together with whoever helps."""
        place = 0
        for stop, calls in [*self.calls, (len(self.table), [])]:
            while place < stop:
                place = self._launch(place, stop)
                if place < stop:
                    rest()
            for call in calls:
                call.repeat()

    def _launch(self, first: int, last: int) -> int:
        """Do launches first to last - 1: see `run_launches`."""
        return run_launches(*self._cells(), first, last, self.threads, self.spins, True)

    def _help(self, waiting: Waiting) -> None:
        """Help with the launches until there is nothing to do for a while, and wait for the next loop."""
        help_and_wait(*self._cells(), self.threads, self.spins, waiting)

    def _cells(self) -> tuple[np.ndarray, ...]:
        """Return the table of launches, and the counts beside it."""
        return self.table, self.claims, self.finished, self.failures


def calls_first(entries: list[Launch | Call]) -> tuple[list[Call], list[Launch | Call]]:
    """Split what was recorded: calls that need nothing of what comes before them, and the other entries."""
    early, rest, used = [], [], set()
    for entry in entries:
        given = (
            entry[1:3] if isinstance(entry, Call) else entry
        )  # the arguments, without the result
        if isinstance(entry, Call) and used.isdisjoint(roots_in(given)):
            early.append(entry)
        else:
            rest.append(entry)
            used |= roots_in(entry)
    return early, rest


def roots_in(value: Any) -> set[int]:
    """Return the ids of the arrays whose memory is used by those in a value."""
    return {id(root_of(array)) for array in arrays_in(value)}


def rest() -> None:
    """Let other threads have this CPU: one of them works for us and is not running."""
    getattr(os, "sched_yield", functools.partial(time.sleep, 0))()


def flat(kind: types.Type, value: Any) -> Iterator[int | float]:
    """Yield the numbers that Numba passes for a value of this type, in order.

    Raises:
        TypeError: for a type that kernels do not take.
    """
    if isinstance(kind, types.Array):
        # The two zeros: nobody counts references to this array, the program holds it.
        address = value.__array_interface__["data"][0]
        yield from (0, 0, value.size, value.itemsize, address, *value.shape, *value.strides)
    elif isinstance(kind, types.BaseTuple):
        for field in zip(kind, value, strict=True):
            yield from flat(*field)
    elif isinstance(kind, types.NoneType):
        yield 0
    elif isinstance(kind, types.Number | types.Boolean):
        yield value.item() if isinstance(value, np.generic) else value
    else:
        raise TypeError(f"{kind} cannot be packed")


@functools.cache
def trampoline(target: int, kinds: tuple) -> tuple[int, str, Any]:
    """Return the address of a function (packed, start, stop) that calls a kernel, and how to pack for it.

    Args:
        target: the address of the kernel's machine code.
        kinds: Numba's types of its arguments, the first two of them int64.

    Returns:
        The address, the format for `struct.pack` of the arguments behind start and stop, and what has to
        live as long as the machine code.
    """
    context = cpu_target.target_context
    kernel = context.call_conv.get_function_type(types.none, kinds)
    name, word = f"trampoline_{target}", ir.IntType(64)
    library = context.codegen().create_library(name)
    module = library.create_ir_module(name)
    kind = ir.FunctionType(ir.IntType(32), [ir.PointerType(ir.IntType(8)), word, word])
    function = ir.Function(module, kind, name)
    builder = ir.IRBuilder(function.append_basic_block())
    packed, start, stop = function.args
    # Numba's convention: where to put the result (None) and the cause of an error, then the arguments.
    outputs = [builder.alloca(ir.IntType(64)) for _ in range(2)]
    outputs = [builder.bitcast(*pair) for pair in zip(outputs, kernel.args, strict=False)]
    layout = ir.LiteralStructType(kernel.args[4:])
    struct_pointer = builder.bitcast(packed, layout.as_pointer())
    indices = [[ir.IntType(32)(0), ir.IntType(32)(k)] for k in range(len(layout.elements))]
    fields = [builder.load(builder.gep(struct_pointer, index)) for index in indices]
    pointer = builder.inttoptr(word(target), kernel.as_pointer())
    builder.ret(builder.call(pointer, [*outputs, start, stop, *fields]))
    with global_compiler_lock:
        library.add_ir_module(module)
        library.finalize()
    letters = "".join(map(character, layout.elements))
    return library.get_pointer_to_function(name), f"@{letters}", library


def character(kind: ir.Type) -> str:
    """Return the letter by which `struct` knows a type of LLVM."""
    if isinstance(kind, ir.FloatType | ir.DoubleType):
        return "f" if isinstance(kind, ir.FloatType) else "d"
    return "Q" if isinstance(kind, ir.PointerType) else FORMATS[kind.width]
