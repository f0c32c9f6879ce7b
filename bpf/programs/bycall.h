// For kernels without sock_send_length and sock_recv_length: the end of every system call, and the socket by its descriptor.

RAW_TRACEPOINT_PROBE(sys_exit) {
  s64 ret = ctx->args[1];
  if (ret < 0) return 0;
  u64 regs = ctx->args[0];
  u32 nr = OF_CALL(regs);
  u8 dir = RECEIVED;
  switch (nr) {
    case NR_WRITE: case NR_WRITEV: case NR_SENDTO: case NR_SENDMSG: case NR_SENDMMSG: case NR_SENDFILE:
      dir = SENT;
      break;
    case NR_READ: case NR_READV: case NR_RECVFROM: case NR_RECVMSG: case NR_RECVMMSG:
      break;
    default:
      return 0;
  }
  if (!wanted_process(bpf_get_current_pid_tgid() >> 32)) return 0;
  struct arguments a = {};
  call_of_process(&a, regs);
  u64 flags = nr == NR_RECVFROM ? a.a3 : nr == NR_RECVMSG ? a.a2 : 0;
  if (flags & NOT_TAKEN) return 0;
  u64 sk = socket_of(a.a0);
  return sk ? moved(sk, ret, dir, regs) : 0;
}
