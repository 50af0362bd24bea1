// SPDX-License-Identifier: SHL-0.51
// Holds a queued job back while an earlier one that has not ended may still write what it reads. Compared once, when the
// job is committed: its X, W and Y with the Z of every job before it, by the extents of their addresses.
//   extent_i  of the job being committed, index stream_e; reads_i: those that it reads (Z if Y is in its place)
//   free_o    contexts whose job waits for nobody
`default_nettype none

module redmule_hazard
  import redmule_pkg::*;
  import redmule_control_pkg::*;
#(
    parameter int unsigned NumContexts = 4
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  logic                      clear_i,       // the queue is emptied
    input  logic    [MaxContexts-1:0] busy_i,        // queued and not ended, nor refused
    input  logic    [MaxContexts-1:0] ended_i,
    input  logic                      commit_i,
    input  ctx_t                      commit_ctx_i,
    input  extent_t [ NumStreams-1:0] extent_i,
    input  logic    [ NumStreams-1:0] reads_i,
    output logic    [MaxContexts-1:0] free_o
);

  extent_t [MaxContexts-1:0] written;
  logic [MaxContexts-1:0] conflict;
  logic [MaxContexts-1:0][MaxContexts-1:0] waits;

  always_comb begin
    conflict = '0;
    for (int unsigned c = 0; c < MaxContexts; c++) begin
      for (int unsigned s = 0; s < NumStreams; s++) begin
        if (reads_i[s] && extent_i[s].first <= written[c].last && written[c].first <= extent_i[s].last) begin
          conflict[c] = 1'b1;
        end
      end
    end
    conflict &= busy_i;
  end

  for (genvar c = 0; c < MaxContexts; c++) begin : gen_context
    if (c < NumContexts && NumContexts > 1) begin : gen_used
      extent_t written_q;
      logic [MaxContexts-1:0] waits_q;
      logic mine;

      assign mine = commit_i && commit_ctx_i == ctx_t'(c);
      assign written[c] = written_q;
      assign waits[c] = waits_q;

      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) waits_q <= '0;
        else waits_q <= clear_i ? '0 : (mine ? conflict : waits_q) & ~ended_i;
      end

      always_ff @(posedge clk_i) begin
        if (mine) written_q <= extent_i[StreamZ];
      end
    end else begin : gen_unused
      assign written[c] = '0;
      assign waits[c]   = '0;
    end
    assign free_o[c] = waits[c] == '0;
  end

`ifndef SYNTHESIS
  // Nobody waits for itself or for a job that is not there.
  WaitsForJobsThatAreThere :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      ((waits[0] | waits[1] | waits[2] | waits[3]) & ~busy_i) == '0);
`endif

endmodule

`default_nettype wire
