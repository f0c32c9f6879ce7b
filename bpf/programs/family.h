// Which processes are wanted, kept up in the kernel: children of a wanted process are, and whoever becomes a wanted command.
struct name {
  char comm[16];
};
BPF_HASH(commands, struct name, u8, 64);

static __always_inline void tell(u32 tgid) {
  struct execed e = {.kind = C_EXEC, .tgid = tgid, .time = bpf_ktime_get_ns()};
  bpf_get_current_comm(e.comm, sizeof e.comm);
  if (control.ringbuf_output(&e, sizeof e, 1)) count(N_CONTROL_LOST, 1);
}

RAW_TRACEPOINT_PROBE(sched_process_fork) {
  u32 parent = read_u32(ctx->args[0] + OFF_TASK_STRUCT_TGID), child = read_u32(ctx->args[1] + OFF_TASK_STRUCT_TGID);
  u8 one = 1;
  if (parent != child && pids.lookup(&parent)) pids.update(&child, &one);
  return 0;
}

RAW_TRACEPOINT_PROBE(sched_process_exec) {
  u32 tgid = bpf_get_current_pid_tgid() >> 32;
  struct name n = {};
  bpf_get_current_comm(n.comm, sizeof n.comm);
  u8 one = 1;
  if (!OURS(tgid) && commands.lookup(&n)) pids.update(&tgid, &one);
  tell(tgid);
  return 0;
}

RAW_TRACEPOINT_PROBE(sched_process_exit) {
  u64 who = bpf_get_current_pid_tgid();
  u32 tgid = who >> 32;
  if ((u32)who == tgid) pids.delete(&tgid);
  return 0;
}
