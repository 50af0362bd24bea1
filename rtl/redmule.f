// SPDX-License-Identifier: SHL-0.51
// The accelerator, in the order in which data flow through it; packages first, the top last. Paths are relative to
// this file.
fp/fp_pkg.sv
fp/fp_math_pkg.sv
fp/fp_format_pkg.sv
fp/fp_fma_pkg.sv
redmule_pkg.sv
regs/redmule_regs_pkg.sv
control/redmule_control_pkg.sv
// control: registers, queue, and the cells of the sequencers
control/redmule_loop.sv
control/redmule_pointer.sv
control/redmule_tile_walk.sv
control/redmule_job_feed.sv
control/redmule_parameters.sv
control/redmule_extent.sv
control/redmule_job_decode.sv
control/redmule_queue.sv
control/redmule_hazard.sv
control/redmule_perf.sv
control/redmule_results.sv
control/redmule_regfile.sv
control/redmule_supervisor.sv
control/redmule_control.sv
// port: from the memory to the casts and back
port/redmule_credit.sv
port/redmule_lines.sv
port/redmule_patch_walk.sv
port/redmule_line_loader.sv
port/redmule_yz_access.sv
port/redmule_arbiter.sv
buffer/redmule_fifo.sv
port/redmule_port.sv
redmule_streamer.sv
// casts
fp/fp_lzc.sv
fp/fp_cast_in.sv
fp/fp_cast_out.sv
cast/redmule_cast_lanes_in.sv
cast/redmule_cast_lanes_out.sv
// buffers
buffer/redmule_spread.sv
buffer/redmule_line_buffer.sv
buffer/redmule_w_rows.sv
buffer/redmule_yz_buffer.sv
// array
fp/fp_pipe.sv
fp/fp_fma_multiply.sv
fp/fp_fma_add.sv
fp/fp_fma_count.sv
fp/fp_fma_normalise.sv
fp/fp_fma_round.sv
fp/fp_fma.sv
fp/fp_minmax.sv
array/redmule_ce.sv
array/redmule_row.sv
array/redmule_row_map.sv
control/redmule_run.sv
array/redmule_array.sv
redmule_datapath.sv
redmule_top.sv
// checks, bound in every simulation
checks/redmule_port_checks.sv
checks/redmule_reg_checks.sv
checks/redmule_job_checks.sv
checks/redmule_bind.sv
