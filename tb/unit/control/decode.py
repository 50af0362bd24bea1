# SPDX-License-Identifier: Apache-2.0
"""Reference of the checks of a job: what the sequencers are shown, what is wrong with it, and which bytes it spans."""

from collections.abc import Mapping
from dataclasses import dataclass

from redmule.regs import ErrorCode, Ext, Macfg, Mcfig0, Mcfig1, Offset, OpCode

WORD = 0xFFFF_FFFF
END_OF_MEMORY = 1 << 32
ADDRESS_BITS, SIZE_BITS, CODE_BITS = 32, 16, 3
ELEMENT_BYTES = {0: 1, 1: 2, 2: 1, 3: 2, 4: 1}
MATRICES = "xwyz"  # in the order of stream_e

Operand = tuple[int, int, int, int]  # address, stride, format, stored by columns
Extent = tuple[int, int]  # first and last byte


@dataclass(frozen=True, slots=True)
class Job:
    """What the sequencers are shown; strides in bytes, formats and op as codes."""

    x: Operand
    w: Operand
    y: Operand
    z: Operand
    m: int
    n: int
    k: int
    op: int
    use_y: int
    saturate: int

    @classmethod
    def unpack(cls, bits: int) -> "Job":
        """The job from the bits of a job_t, whose last field is in the lowest ones."""

        def take(width: int) -> int:
            nonlocal bits
            value = bits & (1 << width) - 1
            bits >>= width
            return value

        saturate, use_y, op = take(1), take(1), take(CODE_BITS)
        k, n, m = take(SIZE_BITS), take(SIZE_BITS), take(SIZE_BITS)
        operands = {}
        for name in "zywx":
            trans, number_format, stride, addr = take(1), take(CODE_BITS), take(ADDRESS_BITS), take(ADDRESS_BITS)
            operands[name] = (addr, stride, number_format, trans)
        return cls(**operands, m=m, n=n, k=k, op=op, use_y=use_y, saturate=saturate)


@dataclass(frozen=True, slots=True)
class Checked:
    """A job with all that its check finds; `extents` by matrix, `reads` are the matrices whose bytes it reads."""

    job: Job
    error: ErrorCode
    extents: Mapping[str, Extent]
    reads: str

    def waits_for(self, earlier: "Checked") -> bool:
        """Whether this job may read what the earlier one writes."""
        first, last = earlier.extents["z"]
        return earlier.error == ErrorCode.NONE and any(
            self.extents[name][0] <= last and first <= self.extents[name][1] for name in self.reads
        )


def decode(words: Mapping[int, int], transposes: bool = True) -> Checked:
    """Check the job that the registers (by offset) describe, on hardware with or without transposes."""
    mcfig0, mcfig1 = Mcfig0.unpack(words[Offset.MCFIG0]), Mcfig1.unpack(words[Offset.MCFIG1])
    macfg, ext = Macfg.unpack(words[Offset.MACFG]), Ext.unpack(words[Offset.EXT])
    m, n, k = mcfig0.m, mcfig1.n, mcfig0.k
    use_y = int(macfg.op != OpCode.MATMUL)
    formats = dict.fromkeys(MATRICES, macfg.format)
    if ext.own_formats:
        formats = {"x": ext.x_format, "w": ext.w_format, "y": ext.y_format, "z": ext.z_format}
    asked = {"x": ext.x_trans, "w": ext.w_trans, "y": ext.z_trans, "z": ext.z_trans}
    trans = {name: int(asked[name] and transposes) for name in MATRICES}
    shapes = {"x": (m, n), "w": (n, k), "y": (m, k), "z": (m, k)}
    stored = {name: shapes[name][::-1] if trans[name] else shapes[name] for name in MATRICES}
    if ext.y_broadcast:
        stored["y"] = (1, stored["y"][1])
    size = {name: ELEMENT_BYTES.get(formats[name], 1) for name in MATRICES}
    row_bytes = {name: stored[name][1] * size[name] for name in MATRICES}
    addr = {name: words[Offset[f"{name.upper()}_ADDR"]] for name in MATRICES}
    stride = {name: words[Offset[f"{name.upper()}_STRIDE"]] or row_bytes[name] for name in MATRICES}
    if not ext.y_separate:
        addr["y"], stride["y"] = addr["z"], stride["z"]
    if ext.y_broadcast:
        stride["y"] = 0
    operands = {name: (addr[name], stride[name], formats[name], trans[name]) for name in MATRICES}
    job = Job(**operands, m=m, n=n, k=k, op=macfg.op, use_y=use_y, saturate=ext.saturate)

    in_place = use_y and not ext.y_separate
    own = "xwz" if in_place or not use_y else "xwyz"
    last = {name: addr[name] + ((stored[name][0] - 1) & 0xFFFF) * stride[name] + row_bytes[name] - 1 for name in own}
    wrong = {
        ErrorCode.SIZE: 0 in (m, n, k),
        ErrorCode.FORMAT: any(formats[name] not in ELEMENT_BYTES for name in "xwz" + "y" * use_y),
        ErrorCode.ALIGN: any(addr[name] % size[name] or stride[name] % size[name] for name in own),
        ErrorCode.STRIDE: stride["z"] < row_bytes["z"],
        ErrorCode.EXTENT: any(last[name] >= END_OF_MEMORY for name in own),
        ErrorCode.IN_PLACE: in_place and (ext.y_broadcast or formats["y"] != formats["z"]),
        ErrorCode.UNSUPPORTED: any(asked.values()) and not transposes,
    }
    error = next((code for code, is_wrong in wrong.items() if is_wrong), ErrorCode.NONE)
    extents = {name: (addr[name], last[name] & WORD) for name in own}
    return Checked(job, error, extents, "xwz" if in_place else "xwy" if use_y else "xw")
