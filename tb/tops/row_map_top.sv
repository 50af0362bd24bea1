// SPDX-License-Identifier: SHL-0.51
// redmule_row_map for every number of rows and groups there can be, with flat ports: the map of MaxRows rows and MaxGroups
// groups stands in the highest bits, the first row of a map in its lowest. Rows that a map does not have read as 0.
`default_nettype none

module row_map_top
  import redmule_pkg::*;
#(
    parameter  int unsigned MaxRows   = 32,
    parameter  int unsigned MaxSplit  = 2,
    localparam int unsigned NumMaps   = MaxRows * (MaxSplit + 1),
    localparam int unsigned EntryBits = 2 + $bits(group_t) + $bits(row_t)
) (
    input  logic                                        clk_i,
    input  logic                                        rst_ni,
    input  split_t                                      split_i,
    output logic   [NumMaps-1:0][MaxRows*EntryBits-1:0] maps_o
);

  for (genvar s = 0; s <= MaxSplit; s++) begin : gen_groups
    for (genvar n = 1; n <= MaxRows; n++) begin : gen_rows
      logic used[n], last[n];
      group_t group[n];
      row_t   place[n];

      redmule_row_map #(
          .NumRows  (n),
          .RowGroups(1 << s)
      ) u_map (
          .split_i,
          .used_o (used),
          .last_o (last),
          .group_o(group),
          .place_o(place)
      );

      always_comb begin
        maps_o[s*MaxRows+n-1] = '0;
        for (int unsigned r = 0; r < n; r++) begin
          maps_o[s*MaxRows+n-1][r*EntryBits+:EntryBits] = {used[r], last[r], group[r], place[r]};
        end
      end
    end
  end

`ifndef SYNTHESIS
  // The splits that are asked for are those there are.
  SplitExists :
  assert property (@(posedge clk_i) disable iff (!rst_ni) split_i <= split_t'(MaxSplit));
`endif

endmodule

`default_nettype wire
