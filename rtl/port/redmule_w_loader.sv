// SPDX-License-Identifier: SHL-0.51
// Asks for W: for every tile the N rows, as many neighbouring elements of each as the tile has columns. A beat is asked
// for once a place in the W buffer is reserved for it.
//   beat_free_i  a beat has left the buffer
//   lead_o       beats asked for that the array has not taken; a row has at least one
`default_nettype none

module redmule_w_loader
  import redmule_pkg::*;
#(
    parameter int unsigned NumRows = 12,
    parameter int unsigned TileCols = 16,
    parameter int unsigned WAhead = 6,
    parameter int unsigned PortWidth = 256
) (
    input  logic     clk_i,
    input  logic     rst_ni,
    input  logic     clear_i,
    // the job
    input  logic     job_valid_i,
    input  operand_t w_i,
    input  size_t    m_i,
    input  size_t    n_i,
    input  size_t    k_i,
    output logic     job_taken_o,  // its last beat is taken
    // to the port
    output logic     valid_o,
    input  logic     ready_i,
    output access_t  access_o,
    output place_t   place_o,
    output lead_t    lead_o,
    // from the buffer
    input  logic     beat_free_i
);

  localparam int unsigned CreditWidth = $clog2(WAhead + 1);

  logic advance, reserved, tile_last, rows_last;
  addr_t tile_place;
  elems_t cols;
  logic [CreditWidth-1:0] ahead;

  assign advance = valid_o & ready_i;
  assign job_taken_o = advance & rows_last & tile_last;
  assign valid_o = job_valid_i & reserved;
  assign lead_o = lead_t'(ahead);

  redmule_tile_walk #(
      .NumRows (NumRows),
      .TileCols(TileCols)
  ) u_tiles (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(advance & rows_last),
      .m_i,
      .k_i,
      .base_i(w_i.addr),
      .block_step_i('0),
      .tile_step_i(addr_t'(TileCols) << !fp_pkg::is_8bit(w_i.format)),
      .rows_o(),
      .cols_o(cols),
      .place_o(tile_place),
      .last_o(tile_last)
  );

  redmule_row_walk #(
      .PortWidth(PortWidth)
  ) u_rows (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(advance),
      .base_i(tile_place),
      .stride_i(w_i.stride),
      .format_i(w_i.format),
      .rows_i(n_i),
      .elems_i(cols),
      .access_o,
      .row_o(place_o.row),
      .unit_o(place_o.unit),
      .first_o(),
      .row_last_o(place_o.last),
      .last_o(rows_last)
  );

  redmule_credit #(
      .Depth(WAhead)
  ) u_reserved (
      .clk_i,
      .rst_ni,
      .clear_i,
      .take_i(advance),
      .give_i(beat_free_i),
      .used_o(ahead),
      .free_o(reserved)
  );

endmodule

`default_nettype wire
