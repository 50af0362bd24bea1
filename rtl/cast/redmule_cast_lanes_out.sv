// SPDX-License-Identifier: SHL-0.51
// From FP16 elements to the payload of a beat, combinational: element i of the beat comes from lane i. Lanes past the
// last element of the beat give no flags.
`default_nettype none

module redmule_cast_lanes_out
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter  int unsigned PortWidth = 256,
    localparam int unsigned NumLanes  = PortWidth / ByteBits
) (
    input  logic                    valid_i,
    input  format_e                 format_i,
    input  logic                    saturate_i,
    input  elems_t                  elems_i,
    input  fp16_t                   elem_i    [NumLanes],
    output logic    [PortWidth-1:0] payload_o,
    output flags_t                  flags_o
);

  localparam int unsigned CodeBits = $bits(fp16_t);

  fp16_t code[NumLanes];
  flags_t lane_flags[NumLanes];

  for (genvar i = 0; i < NumLanes; i++) begin : gen_lane
    fp_cast_out u_cast (
        .format_i,
        .saturate_i,
        .x_i    (elem_i[i]),
        .code_o (code[i]),
        .flags_o(lane_flags[i])
    );
  end

  always_comb begin
    payload_o = '0;
    flags_o   = '0;
    if (valid_i) begin
      for (int unsigned i = 0; i < NumLanes; i++) begin
        if (elems_t'(i) < elems_i) flags_o |= lane_flags[i];
        if (is_8bit(format_i)) payload_o[i*ByteBits+:ByteBits] = ByteBits'(code[i]);
      end
      if (!is_8bit(format_i)) begin
        for (int unsigned i = 0; i < NumLanes / 2; i++) payload_o[i*CodeBits+:CodeBits] = code[i];
      end
    end
  end

endmodule

`default_nettype wire
