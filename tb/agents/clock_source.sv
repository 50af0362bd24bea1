// SPDX-License-Identifier: SHL-0.51
// The clock of a bench whose tests need not see every cycle: cycle c ends with the rising edge at 10 ns * (c + 1).
`default_nettype none

module clock_source (
    output logic clk_o
);

  timeunit 1ns; timeprecision 1ps;

  localparam int unsigned HalfPeriod = 5;

  initial begin
    clk_o = 1'b0;
    #HalfPeriod;
    forever #HalfPeriod clk_o = ~clk_o;
  end

endmodule

`default_nettype wire
