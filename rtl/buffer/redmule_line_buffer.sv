// SPDX-License-Identifier: SHL-0.51
// Holds X (or W) in lines: line n is column n of X for all rows of the tile (row n of W for all columns of it), which is
// what the array takes at once. Lines lie in chunks, filled in the order asked for, along lines (a stored row is a line)
// or across them (a stored row has one element of each line); a mechanism that is left out costs nothing.
// A line has a part for each group of rows of the array; what a split does not use is not touched.
//   line_valid_o  the next line may be taken, line_o shows it
//   filling_o     its chunk is not all there yet: filled across, the line may lack elements, which late_* show as they come
//   take_i        the array takes it; with the last one of a chunk, chunk_free_o gives its place back
//   keep_i        the lines of this tile will be taken once more, for the next one: they stay (line_gone_o: one does not)
//   n_i           of the tile whose lines are taken
`default_nettype none

module redmule_line_buffer
  import fp_pkg::*;
  import redmule_pkg::*;
#(
    parameter int unsigned LineElems = 12,
    parameter int unsigned ChunkLines = 16,
    parameter int unsigned NumChunks = 2,
    parameter int unsigned RowGroups = 1,
    parameter bit FillsAlong = 1'b1,
    parameter bit FillsAcross = 1'b1,
    parameter int unsigned UnitElems = 16,
    parameter int unsigned NumLanes = 32
) (
    input  logic   clk_i,
    input  logic   rst_ni,
    input  logic   clear_i,
    input  size_t  n_i,
    // from the port
    input  logic   beat_valid_i,
    input  place_t beat_place_i,
    input  elems_t beat_elems_i,
    input  fp16_t  beat_elem_i [  NumLanes],
    // to the array
    output logic   line_valid_o,
    output fp16_t  line_o      [ RowGroups][LineElems],
    input  logic   take_i,
    input  logic   keep_i,
    // beats across the lines
    output logic   filling_o,
    output logic   late_hit_o  [ChunkLines],
    output fp16_t  late_elem_o [ChunkLines],
    // to the loader
    output logic   line_gone_o,
    output logic   chunk_free_o
);

  localparam int unsigned SlotWidth = $clog2(NumChunks);
  localparam int unsigned LineWidth = ChunkLines > 1 ? $clog2(ChunkLines) : 1;
  localparam int unsigned ElemWidth = LineElems > 1 ? $clog2(LineElems) : 1;
  localparam int unsigned CountWidth = $clog2(NumChunks * ChunkLines + 1);
  localparam int unsigned GroupWidth = RowGroups > 1 ? $clog2(RowGroups) : 1;
  localparam logic [SlotWidth-1:0] LastSlot = SlotWidth'(NumChunks - 1);

  typedef logic [SlotWidth-1:0] slot_t;
  typedef logic [LineWidth-1:0] line_t;
  typedef logic [ElemWidth-1:0] elem_t;
  typedef logic [GroupWidth-1:0] part_t;

  fp16_t store_q[NumChunks][ChunkLines][RowGroups][LineElems];
  part_t part;
  slot_t fill_q, read_q, first_q;  // the chunk being filled, being read, and where the tile began
  line_t line;
  logic  begun_q;  // some of the chunk being filled is here
  logic line_first, chunk_done, chunk_ends, tile_done;
  elems_t chunk_size;
  logic [CountWidth-1:0] there, kept_q;

  assign part = part_t'(beat_place_i.group);

  // Filling: the elements of a beat spread over a line, or over the lines.
  logic along_hit[LineElems], across_hit[ChunkLines];
  fp16_t along_elem[LineElems], across_elem[ChunkLines];

  redmule_spread #(
      .RowElems (LineElems),
      .UnitElems(UnitElems),
      .NumLanes (NumLanes)
  ) u_along (
      .valid_i(beat_valid_i & beat_place_i.along & FillsAlong),
      .unit_i (beat_place_i.unit),
      .elems_i(beat_elems_i),
      .elem_i (beat_elem_i),
      .hit_o  (along_hit),
      .elem_o (along_elem)
  );

  redmule_spread #(
      .RowElems (ChunkLines),
      .UnitElems(UnitElems),
      .NumLanes (NumLanes)
  ) u_across (
      .valid_i(beat_valid_i & ~beat_place_i.along & FillsAcross),
      .unit_i (beat_place_i.unit),
      .elems_i(beat_elems_i),
      .elem_i (beat_elem_i),
      .hit_o  (across_hit),
      .elem_o (across_elem)
  );

  always_ff @(posedge clk_i) begin
    if (beat_valid_i & beat_place_i.along & FillsAlong) begin
      for (int unsigned e = 0; e < LineElems; e++) begin
        if (along_hit[e]) store_q[fill_q][line_t'(beat_place_i.row)][part][e] <= along_elem[e];
      end
    end
    if (beat_valid_i & ~beat_place_i.along & FillsAcross) begin
      for (int unsigned l = 0; l < ChunkLines; l++) begin
        if (across_hit[l]) store_q[fill_q][l][part][elem_t'(beat_place_i.row)] <= across_elem[l];
      end
    end
  end

  function automatic slot_t next(slot_t slot);
    return slot == LastSlot ? '0 : slot + 1'b1;
  endfunction

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      fill_q  <= '0;
      read_q  <= '0;
      first_q <= '0;
      kept_q  <= '0;
      begun_q <= 1'b0;
    end else if (clear_i) begin
      fill_q  <= '0;
      read_q  <= '0;
      first_q <= '0;
      kept_q  <= '0;
      begun_q <= 1'b0;
    end else begin
      if (beat_valid_i) begun_q <= ~beat_place_i.last;
      if (beat_valid_i & beat_place_i.last) fill_q <= next(fill_q);
      if (chunk_ends) read_q <= tile_done & keep_i ? first_q : next(read_q);
      if (chunk_ends & tile_done & ~keep_i) first_q <= next(read_q);
      if (take_i & keep_i) kept_q <= chunk_ends & tile_done ? '0 : kept_q + 1'b1;
    end
  end

  // Reading
  redmule_loop #(
      .SizeWidth($bits(elems_t))
  ) u_chunks (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(chunk_ends),
      .total_i(n_i),
      .step_i(elems_t'(ChunkLines)),
      .left_o(),
      .size_o(chunk_size),
      .first_o(),
      .last_o(tile_done)
  );

  redmule_loop #(
      .Width($bits(elems_t))
  ) u_lines (
      .clk_i,
      .rst_ni,
      .clear_i,
      .advance_i(take_i),
      .total_i(chunk_size),
      .step_i(elems_t'(1)),
      .left_o(),
      .size_o(),
      .first_o(line_first),
      .last_o(chunk_done)
  );

  redmule_pointer #(
      .Width(LineWidth)
  ) u_line (
      .clk_i,
      .first_i(line_first),
      .advance_i(take_i),
      .base_i('0),
      .step_i(line_t'(1)),
      .place_o(line)
  );

  redmule_lines #(
      .Depth(NumChunks * ChunkLines)
  ) u_there (
      .clk_i,
      .rst_ni,
      .clear_i,
      .add_i  (beat_valid_i ? beat_place_i.lines : '0),
      .take_i (line_gone_o),
      .count_o(there)
  );

  assign chunk_ends = take_i & chunk_done;
  assign line_valid_o = there > kept_q;
  assign line_gone_o = take_i & ~keep_i;
  assign chunk_free_o = chunk_ends & ~keep_i;
  assign line_o = store_q[read_q][line];
  assign filling_o = begun_q & fill_q == read_q;
  assign late_hit_o = across_hit;
  assign late_elem_o = across_elem;

`ifndef SYNTHESIS
  // What is to stay for the next tile fits.
  KeptLinesFit :
  assert property (@(posedge clk_i) disable iff (!rst_ni) keep_i |-> n_i <= size_t'(NumChunks * ChunkLines));
  // The array takes a line only when it may.
  LineWasThere :
  assert property (@(posedge clk_i) disable iff (!rst_ni) take_i |-> line_valid_o);
  // A mechanism that is left out is not used.
  FilledAsBuilt :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      beat_valid_i |-> (beat_place_i.along ? FillsAlong : FillsAcross));
`endif

endmodule

`default_nettype wire
