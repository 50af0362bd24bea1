// SPDX-License-Identifier: SHL-0.51
// Checks the parameters at elaboration; holds no logic. A value outside its range stops the build and says which.
`default_nettype none

module redmule_parameters #(
    parameter int unsigned NumRows = 12,
    parameter int unsigned RowLen = 4,
    parameter int unsigned PipeRegs = 3,
    parameter int unsigned PortWidth = 256,
    parameter int unsigned NumContexts = 4,
    parameter int unsigned NumCores = 8,
    parameter int unsigned RowGroups = 1,
    parameter int unsigned XChunks = 2,
    parameter int unsigned WAhead = 6
) ();

  if (NumRows < 1 || NumRows > 32) begin : gen_bad_num_rows
    $error("NumRows is %0d; it must be 1 to 32", NumRows);
  end
  if (RowLen < 1 || RowLen > 16) begin : gen_bad_row_len
    $error("RowLen is %0d; it must be 1 to 16", RowLen);
  end
  if (PipeRegs > 4) begin : gen_bad_pipe_regs
    $error("PipeRegs is %0d; it must be 0 to 4", PipeRegs);
  end
  if (!(PortWidth inside {64, 128, 256, 512, 1024})) begin : gen_bad_port_width
    $error("PortWidth is %0d; it must be 64, 128, 256, 512 or 1024", PortWidth);
  end
  if (NumContexts < 1 || NumContexts > 4) begin : gen_bad_num_contexts
    $error("NumContexts is %0d; it must be 1 to 4", NumContexts);
  end
  if (NumCores < 1 || NumCores > 16) begin : gen_bad_num_cores
    $error("NumCores is %0d; it must be 1 to 16", NumCores);
  end
  if (!(RowGroups inside {1, 2, 4})) begin : gen_bad_row_groups
    $error("RowGroups is %0d; it must be 1, 2 or 4", RowGroups);
  end
  if (XChunks < 2 || XChunks > 8) begin : gen_bad_x_chunks
    $error("XChunks is %0d; it must be 2 to 8", XChunks);
  end
  if (WAhead < 2 || WAhead > 16) begin : gen_bad_w_ahead
    $error("WAhead is %0d; it must be 2 to 16", WAhead);
  end

endmodule

`default_nettype wire
