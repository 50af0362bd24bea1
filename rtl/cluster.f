// SPDX-License-Identifier: SHL-0.51
// The cluster around the accelerator (redmule.f comes first): packages, memory side, peripheral side, the top last. Paths
// are relative to this file.
regs/pulp_arbiter_regs_pkg.sv
regs/pulp_dma_regs_pkg.sv
regs/pulp_traffic_regs_pkg.sv
cluster/pulp_cluster_pkg.sv
cluster/pulp_dma_pkg.sv
// TCDM and its two branches
checks/pulp_port_checks.sv
cluster/pulp_round_robin.sv
cluster/pulp_log_branch.sv
cluster/pulp_wide_branch.sv
cluster/pulp_branch_arbiter.sv
cluster/pulp_tcdm.sv
cluster/pulp_tcdm_interconnect.sv
// registers
cluster/pulp_reg_port.sv
cluster/pulp_worst_wait.sv
cluster/pulp_arbiter_regs.sv
cluster/pulp_periph_bus.sv
// DMA and L2
cluster/pulp_dma_regs.sv
cluster/pulp_dma_walk.sv
cluster/pulp_dma_port.sv
cluster/pulp_dma_read.sv
cluster/pulp_dma_realign.sv
cluster/pulp_dma_write.sv
cluster/pulp_dma.sv
cluster/pulp_l2.sv
// traffic
cluster/pulp_traffic_regs.sv
cluster/pulp_traffic_random.sv
cluster/pulp_traffic_pattern.sv
cluster/pulp_traffic_shadow.sv
cluster/pulp_traffic.sv
cluster/pulp_cluster_stub.sv
