// SPDX-License-Identifier: SHL-0.51
// redmule_fifo with a user that pushes only where there is room and pops only what is there: nothing is lost, nothing
// comes twice, the order is kept. One entry, any (pick_i), is followed from its push to its pop.
`default_nettype none

module fifo_proof #(
    parameter  int unsigned Depth      = 5,
    localparam int unsigned CountWidth = $clog2(Depth + 1),
    localparam int unsigned DataWidth  = 2                   // data only pass through: two bits show any mix-up
) (
    input logic                 clk_i,
    input logic                 rst_ni,
    input logic                 clear_i,
    input logic                 push_i,
    input logic [DataWidth-1:0] data_i,
    input logic                 pop_i,
    input logic                 pick_i
);

  typedef logic [CountWidth-1:0] count_t;
  typedef logic [DataWidth-1:0] data_t;

  logic   valid;
  data_t  data;
  count_t count;

  redmule_fifo #(
      .Depth (Depth),
      .data_t(data_t)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .clear_i,
      .push_i,
      .data_i,
      .pop_i,
      .valid_o(valid),
      .data_o (data),
      .count_o(count)
  );

  proof_reset u_reset (.*);

  // What should be inside, and the entry that is followed: how many are before it.
  count_t inside_q, before_q;
  logic  follows_q;
  data_t followed_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      inside_q   <= '0;
      before_q   <= '0;
      follows_q  <= 1'b0;
      followed_q <= '0;
    end else if (clear_i) begin
      inside_q  <= '0;
      follows_q <= 1'b0;
    end else begin
      inside_q <= inside_q + count_t'(push_i) - count_t'(pop_i);
      if (follows_q) begin
        if (pop_i) before_q <= before_q - 1'b1;
        if (pop_i && before_q == '0) follows_q <= 1'b0;
      end else if (pick_i && push_i) begin
        follows_q  <= 1'b1;
        followed_q <= data_i;
        before_q   <= inside_q - count_t'(pop_i);
      end
    end
  end

  // Where the next entry goes, and where the followed one is.
  typedef logic [CountWidth:0] place_t;

  place_t next, place;

  function automatic place_t after(place_t first, place_t entries);
    after = first + entries < place_t'(Depth) ? first + entries : first + entries - place_t'(Depth);
  endfunction

  assign next  = after(place_t'(u_dut.read_q), place_t'(inside_q));
  assign place = after(place_t'(u_dut.read_q), place_t'(before_q));

  always_comb begin
    PushesWhereThereIsRoom : assume (!push_i || inside_q != count_t'(Depth));
    PopsWhatIsThere : assume (!pop_i || inside_q != '0);
    if (rst_ni) begin
      CountIsWhatIsInside : assert (count == inside_q);
      NeverMoreThanDepth : assert (inside_q <= count_t'(Depth));
      ValidUnlessEmpty : assert (valid == (inside_q != '0));
      InvPointersEncloseTheEntries :
      assert (place_t'(u_dut.read_q) < place_t'(Depth) && place_t'(u_dut.write_q) == next);
      InvFollowedEntryIsInItsPlace : assert (!follows_q || u_dut.entry_q[place] == followed_q);
      FollowedEntryIsInside : assert (!follows_q || before_q < inside_q);
      FollowedEntryComesInItsTurn : assert (!follows_q || before_q != '0 || data == followed_q);
    end
  end

endmodule

`default_nettype wire
