// SPDX-License-Identifier: SHL-0.51
// From the payload of a beat to FP16 elements, combinational: lane i is element i of the beat. Lanes past the last
// element of the beat give values nobody takes, and no flags.
`default_nettype none

module redmule_cast_lanes_in
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter  int unsigned PortWidth = 256,
    localparam int unsigned NumLanes  = PortWidth / ByteBits
) (
    input  logic                    valid_i,
    input  format_e                 format_i,
    input  elems_t                  elems_i,
    input  logic    [PortWidth-1:0] payload_i,
    output fp16_t                   elem_o   [NumLanes],
    output flags_t                  flags_o
);

  localparam int unsigned CodeBits = $bits(fp16_t);

  flags_t lane_flags[NumLanes];

  for (genvar i = 0; i < NumLanes; i++) begin : gen_lane
    fp16_t code;
    if (i < NumLanes / 2) begin : gen_either
      assign code = is_8bit(format_i) ? fp16_t'(payload_i[i*ByteBits+:ByteBits]) : payload_i[i*CodeBits+:CodeBits];
    end else begin : gen_byte
      assign code = fp16_t'(payload_i[i*ByteBits+:ByteBits]);
    end
    fp_cast_in u_cast (
        .format_i,
        .code_i (code),
        .z_o    (elem_o[i]),
        .flags_o(lane_flags[i])
    );
  end

  always_comb begin
    flags_o = '0;
    if (valid_i) begin
      for (int unsigned i = 0; i < NumLanes; i++) begin
        if (elems_t'(i) < elems_i) flags_o |= lane_flags[i];
      end
    end
  end

endmodule

`default_nettype wire
