"""Machine code is read right, and the loops of other CPUs than this one keep their sums in registers."""

import os
import sys

import pytest

from benchmarks import assembly
from tests.support import patience

X86 = """
.LBB0_1:
\tvmovups\t(%rdx), %ymm1
.LBB0_2:
\tvbroadcastss\t(%rax,%rcx,4), %ymm2
\tvfmadd231ps\t%ymm1, %ymm2, %ymm15
\tvmovups\t%ymm15, 32(%rsp)
\tmovq\t8(%rsp), %rax
\tincq\t%rcx
\tjne\t.LBB0_2
\tjmp\t.LBB0_1
"""
ARM = """
.LBB0_7:
\tldr\tq2, [x1], #16
\tfmla\tv0.4s, v2.4s, v1.s[0]
\tsubs\tx2, x2, #1
\tb.ne\t.LBB0_7
"""


def test_the_inner_loop_is_read_with_what_lies_on_the_stack():
    assert assembly.inner_loops(X86) == [assembly.Loop(1, 3, spills=1, stack=1, instructions=6)]
    assert assembly.inner_loops(ARM) == [assembly.Loop(1, 3, spills=0, stack=0, instructions=4)]


def test_loops_without_a_multiply_add_do_not_count():
    assert assembly.inner_loops(X86.replace("vfmadd231ps", "vaddps")) == []


@pytest.mark.parametrize(
    ("target", "register"), [("AVX-512", "%zmm"), ("AVX2", "%ymm"), ("NEON", ".4s")]
)
def test_the_code_of_other_cpus_is_written_on_any_machine(target, register, tmp_path):
    command = [sys.executable, "-m", "benchmarks.assembly", target, "add_dot_products"]
    environment = {"NUMBA_CACHE_DIR": os.fspath(tmp_path), "NUMBA_DISABLE_JIT": "0"}
    done = patience.run(command, env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    assert register in done.stdout
    loops = assembly.inner_loops(done.stdout)
    assert max(loop.multiply_adds for loop in loops) == 12
    assert not any(loop.spills for loop in loops)
