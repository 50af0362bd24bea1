// SPDX-License-Identifier: SHL-0.51
// Gives the port to the stream that would stop the array first: the requester with the least lead. Equal leads are
// decided in the order X, Z, Y, W, which is the order in which a job needs them (Z frees the place of Y).
// It keeps no state, so the cycles of a job depend on nothing but the job.
`default_nettype none

module redmule_arbiter
  import redmule_pkg::*;
(
    input  logic    [NumStreams-1:0] valid_i,               // indexed by stream_e
    input  lead_t                    lead_i  [NumStreams],
    output logic                     valid_o,
    output stream_e                  stream_o
);

  lead_t least;

  always_comb begin
    valid_o  = 1'b1;
    stream_o = StreamX;
    least    = lead_i[StreamX];
    if (!valid_i[StreamX]) valid_o = 1'b0;
    if (valid_i[StreamZ] && (!valid_o || lead_i[StreamZ] < least)) begin
      valid_o  = 1'b1;
      stream_o = StreamZ;
      least    = lead_i[StreamZ];
    end
    if (valid_i[StreamY] && (!valid_o || lead_i[StreamY] < least)) begin
      valid_o  = 1'b1;
      stream_o = StreamY;
      least    = lead_i[StreamY];
    end
    if (valid_i[StreamW] && (!valid_o || lead_i[StreamW] < least)) begin
      valid_o  = 1'b1;
      stream_o = StreamW;
    end
  end

endmodule

`default_nettype wire
