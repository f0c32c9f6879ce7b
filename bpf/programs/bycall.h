// For kernels without sock_send_length and sock_recv_length: the end of every system call, and the socket by its descriptor.

static __always_inline u64 socket_of(u64 fd) {
  u64 fdt = read_u64(read_u64(bpf_get_current_task() + OFF_TASK_STRUCT_FILES) + OFF_FILES_STRUCT_FDT);
  if (fd >= read_u32(fdt + OFF_FDTABLE_MAX_FDS)) return 0;
  u64 file = read_u64(read_u64(fdt + OFF_FDTABLE_FD) + 8 * fd);
  if (!file) return 0;
  if ((read_u16(read_u64(file + OFF_FILE_F_INODE) + OFF_INODE_I_MODE) & 0170000) != 0140000) return 0;  // S_IFSOCK
  return read_u64(read_u64(file + OFF_FILE_PRIVATE_DATA) + OFF_SOCKET_SK);
}

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
