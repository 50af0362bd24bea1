// SPDX-License-Identifier: SHL-0.51
// A place in a data path where a pipeline register may stand: q_o follows d_i at once, or, when Registered, with the
// next clock edge at which en_i is high. Holds data only, so it needs no reset.
`default_nettype none

module fp_pipe #(
    parameter bit Registered = 1'b1,
    parameter type Data = logic
) (
    input  logic clk_i,
    input  logic en_i,
    input  Data  d_i,
    output Data  q_o
);

  if (Registered) begin : g_register
    Data data_q;
    always_ff @(posedge clk_i) if (en_i) data_q <= d_i;
    assign q_o = data_q;
  end else begin : g_wire
    logic unused;
    assign unused = ^{clk_i, en_i};
    assign q_o = d_i;
  end

endmodule

`default_nettype wire
