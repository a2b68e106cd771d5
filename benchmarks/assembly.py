"""Reads the machine code of the inner loops for AVX-512, AVX2 and NEON: do their sums stay in registers?

A tile with more sums than registers still computes the right numbers, at half the speed. LLVM writes the code
of any CPU on any machine, so all three are compiled here, and none is run.

python -m benchmarks.assembly
"""

if __name__ == "__main__":  # before anything else is imported
    from tinycnn.utils.start import end_on_interrupt

    end_on_interrupt()

import os
import re
import subprocess
import sys
import tempfile
from typing import NamedTuple

import numba

from tinycnn.utils.cli import Parser, run

# name: (LLVM's name of the machine, of a CPU, and the features that the tiles are chosen by)
TARGETS = {
    "AVX-512": ("x86_64-unknown-linux-gnu", "skylake-avx512", "+avx512f,+avx2,+fma"),
    "AVX2": ("x86_64-unknown-linux-gnu", "haswell", "+avx2,+fma"),
    "NEON": ("aarch64-unknown-linux-gnu", "cortex-a76", "+neon"),
}
KERNELS = ("gemm", "sparse_gemm", "add_dot_products")
LABEL = re.compile(r"(\.L\w+):")
JUMP = re.compile(r"\s+(?:j\w+|b|b\.\w+|cbn?z|tbn?z)\s.*?(\.L\w+)$")
MULTIPLY_ADD = re.compile(r"\s+(?:vfn?m(?:add|sub)\w+|fmla)\s")
VECTOR = re.compile(r"%[xyz]mm(\d+)|\b[vq](\d+)\b")
STACK = re.compile(r"\(%rsp|\[sp\b")


class Loop(NamedTuple):
    """What an inner loop, one without a jump inside, consists of."""

    multiply_adds: int
    registers: int  # different vector registers
    spills: int  # vectors that are loaded from the stack, or stored there
    stack: int  # addresses and counts that are
    instructions: int


def inner_loops(assembly: str) -> list[Loop]:
    """Return the inner loops with multiply-adds in the text of a compiler's assembly, x86 (AT&T) or ARM."""
    loops, begins, start = (
        [],
        {},
        0,
    )  # begins: in which line each label is; start: behind the last jump
    lines = [line.rstrip() for line in assembly.splitlines()]
    for number, line in enumerate(lines):
        if label := LABEL.match(line):
            begins[label[1]] = number
        elif jump := JUMP.match(line):
            if begins.get(jump[1], -1) >= start:
                loops.append(read_loop(lines[begins[jump[1]] + 1 : number + 1]))
            start = number + 1
    return [loop for loop in loops if loop.multiply_adds]


def read_loop(lines: list[str]) -> Loop:
    """Return the `Loop` of these lines of assembly."""
    lines = [line for line in lines if line.startswith("\t") and not line.startswith("\t.")]
    on_stack = [line for line in lines if STACK.search(line)]
    spills = sum(bool(VECTOR.search(line)) for line in on_stack)
    registers = {one or other for line in lines for one, other in VECTOR.findall(line)}
    multiply_adds = sum(bool(MULTIPLY_ADD.match(line)) for line in lines)
    return Loop(multiply_adds, len(registers), spills, len(on_stack) - spills, len(lines))


def compile_kernel(name: str, dtype: str, target: str) -> str:
    """Return the assembly of one of KERNELS for a CPU of TARGETS. Once in a process: see `choose_tiles`."""
    triple, cpu, features = TARGETS[target]
    choose_tiles(triple, features)
    from llvmlite import binding

    code = without_wrappers(compiled(name, dtype))
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    machine = binding.Target.from_triple(triple).create_target_machine(cpu=cpu, opt=3, reloc="pic")
    module = binding.parse_assembly(code)
    module.triple, module.data_layout = triple, str(machine.target_data)
    return machine.emit_assembly(module)


def without_wrappers(code: str) -> str:
    """Return LLVM code of this machine's without what is for this machine only, and with one function only.

    Numba's wrappers behind it, which Python calls, contain instructions of this machine.
    """
    code = re.sub(r'^target (triple|datalayout) = ".*"\n', "", code, flags=re.MULTILINE)
    code = re.sub(r'"target-(cpu|features)"="[^"]*"', "", code)
    start, kernel, *wrappers = re.split(r"^(?=define )", code, flags=re.MULTILINE)
    rest = "".join(wrapper.partition("\n}\n")[2] for wrapper in wrappers)
    counters = sorted(set(re.findall(r"@(NRT_\w+)", kernel)))  # of references to arrays
    return start + "".join(f"declare void @{name}(ptr)\n" for name in counters) + kernel + rest


def choose_tiles(triple: str, features: str) -> None:
    """Let the kernels, when they are imported, choose the tiles for another CPU than this one."""
    from llvmlite import binding
    from numba import config
    from numba.core.registry import cpu_target

    assert cpu_target.target_context  # made now, Numba itself compiles for this CPU
    kept, here = config.CPU_FEATURES, binding.get_default_triple
    config.CPU_FEATURES, binding.get_default_triple = features, lambda: triple
    from tinycnn.ops.kernels.codegen import vector_builder

    config.CPU_FEATURES, binding.get_default_triple = kept, here
    if vector_builder.vector_shape(features, triple)[0] != vector_builder.VECTOR_BYTES:
        raise ValueError("the kernels are imported: their tiles are chosen already")


def compiled(name: str, dtype: str) -> str:
    """Return the LLVM code of one of KERNELS for numbers of a dtype."""
    import numpy as np

    from tinycnn.ops.kernels.blocks import dot_products, gemm, sparse_gemm
    from tinycnn.ops.kernels.blocks.matrix import Matrix, structure_type
    from tinycnn.ops.kernels.codegen.function_pointers import INT64

    dtype = np.dtype(dtype)
    if name == "gemm":
        gemm.gemm_address(dtype)
        function = gemm.gemm
    elif name == "sparse_gemm":
        sparse_gemm.sparse_gemm_address(dtype)
        function = sparse_gemm.sparse_gemm
    else:
        function = dot_products.add_dot_products
        function.compile((*[structure_type(Matrix, dtype)] * 3, INT64, INT64, INT64))
    (code,) = function.inspect_llvm().values()
    return code


def report(target: str, name: str, dtype: str) -> bool:
    """Print a line about one kernel for one target; return whether no inner loop spills a vector."""
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "0"}
    command = [sys.executable, "-m", "benchmarks.assembly", target, name, dtype]
    with (
        tempfile.TemporaryDirectory() as cache
    ):  # of what is loaded from a cache no code can be read
        environment["NUMBA_CACHE_DIR"] = cache
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
    loops = inner_loops(done.stdout)
    largest = max(loops, key=lambda loop: loop.multiply_adds)
    spills = sum(loop.spills > 0 for loop in loops)
    print(
        f"{target:9}{name:18}{dtype:9}{len(loops):5}{spills:8}{largest.multiply_adds:9}"
        f"{largest.registers:11}{largest.stack:7}{largest.instructions:14}",
        flush=True,
    )
    return bool(loops) and not spills


def arguments():
    """Return the options of the command line."""
    parser = Parser(prog="python -m benchmarks.assembly", description=__doc__)
    parser.add_argument("target", nargs="?", choices=TARGETS, help="print its code only: target,")
    parser.add_argument("kernel", nargs="?", choices=KERNELS, default="gemm", help="kernel")
    parser.add_argument("dtype", nargs="?", choices=("float32", "float64"), default="float32")
    return parser.parse_args()


def main():
    """Print a line for each kernel and each of TARGETS; raise ValueError if a sum leaves the registers."""
    options = arguments()
    if options.target:
        print(compile_kernel(options.kernel, options.dtype, options.target))
        return
    print(f"Numba {numba.__version__}: inner loops with multiply-adds; how many spill vectors; the")
    print("largest: multiply-adds, vector registers, other values on the stack, instructions\n")
    kept = [report(t, k, d) for t in TARGETS for k in KERNELS for d in ("float32", "float64")]
    if not all(kept):
        raise ValueError("sums leave the registers: see the lines with spills above")


if __name__ == "__main__":
    run(main)
