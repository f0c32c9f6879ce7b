// UDP. Datagrams have no connection in the kernel's eyes: each record says who sent it, and the reader sorts them out.

// Where a datagram being received came from: told by the packet, since the socket of a server has no peer.
struct source {
  u16 family, sport, dport, pad;
  u8 saddr[16], daddr[16];
};
BPF_TABLE("lru_hash", u64, struct source, sources, 4096);

RAW_TRACEPOINT_PROBE(skb_copy_datagram_iovec) {
  u64 who = bpf_get_current_pid_tgid();
  if (!wanted_process(who >> 32)) return 0;
  u64 skb = ctx->args[0];
  u64 head = read_u64(skb + OFF_SK_BUFF_HEAD);
  u64 ip = head + read_u16(skb + OFF_SK_BUFF_NETWORK_HEADER);
  u8 b[40];
  if (bpf_probe_read_kernel(b, 20, (void *)ip)) return 0;
  struct source from = {};
  if (b[0] >> 4 == 4) {  // RFC 791, 3.1
    if (b[9] != 17) return 0;
    from.family = 2;
    __builtin_memcpy(from.saddr, b + 12, 4);
    __builtin_memcpy(from.daddr, b + 16, 4);
  } else if (b[0] >> 4 == 6) {  // RFC 8200, 3
    if (b[6] != 17 || bpf_probe_read_kernel(b, 40, (void *)ip)) return 0;
    from.family = 10;
    __builtin_memcpy(from.saddr, b + 8, 16);
    __builtin_memcpy(from.daddr, b + 24, 16);
  } else {
    return 0;
  }
  u16 ports[2];
  if (bpf_probe_read_kernel(ports, sizeof ports, (void *)(head + read_u16(skb + OFF_SK_BUFF_TRANSPORT_HEADER)))) return 0;
  from.sport = SWAP16(ports[0]);
  from.dport = SWAP16(ports[1]);
  sources.update(&who, &from);
  return 0;
}

// Fills in where a datagram goes that is sent to an address given with it.
static __always_inline bool target(u64 name, struct peer *p) {
  u8 b[28] = {};  // struct sockaddr_in6; sockaddr_in is 16 bytes of it
  if (bpf_probe_read_user(b, 16, (void *)name)) return false;
  u16 family = b[0] | b[1] << 8;
  p->rport = b[2] << 8 | b[3];
  if (family == 2) {
    p->family = 2;
    __builtin_memcpy(p->raddr, b + 4, 4);
    return true;
  }
  if (family != 10 || bpf_probe_read_user(b, 28, (void *)name)) return false;
  p->family = 10;
  __builtin_memcpy(p->raddr, b + 8, 16);
  return true;
}

// `message`: which one of sendmmsg or recvmmsg; 0 when there is but one, or it is to be found out.
static __always_inline int datagram(u64 sk, struct common *c, u64 size, u8 dir, u32 tgid, u64 regs, u64 message) {
  u64 who = bpf_get_current_pid_tgid();
  struct peer p = {.family = c->family, .lport = c->num, .rport = SWAP16(c->dport)};
  addresses(sk, c, p.laddr, p.raddr);
  struct arguments a = {};
  u64 at = 0, n = 0;
  int kind = call_of_process(&a, regs) ? where(&a, &at, &n, &message) : 0;
  u64 name = a.nr == NR_SENDTO || a.nr == NR_RECVFROM ? a.a4 : 0;
  if (message) bpf_probe_read_user(&name, sizeof name, (void *)message);
  if (dir == RECEIVED) {
    struct source *from = sources.lookup(&who);
    if (from && from->dport == c->num) {
      p.family = from->family;
      p.rport = from->sport;
      __builtin_memcpy(p.raddr, from->saddr, 16);
      __builtin_memcpy(p.laddr, from->daddr, 16);
      sources.delete(&who);
#ifdef BY_CALL  // by now the kernel has told the process
    } else if (name && target(name, &p)) {
#endif
    } else if (!p.rport) {
      count(N_NO_PEER, 1);
      return 0;
    }
  } else {
    if (name ? !target(name, &p) : !p.rport) {
      count(N_NO_PEER, 1);
      return 0;
    }
  }
  u64 id = sk >> 6;
  if (!wanted_ports(p.lport, p.rport) || is_ignored(id) || is_shed(id)) return 0;
  u32 zero = 0;
  struct scratch_datagram *e = datagrams.lookup(&zero);
  if (!e) return 0;
  u64 take = size;
  if (kind == 2) {
    struct vector v = {};
    take = n && !bpf_probe_read_user(&v, sizeof v, (void *)at) ? v.len : 0;
    if (take > size) take = size;
    at = v.base;
  } else if (!kind) {
    take = 0;
    count(N_URING, 1);
  }
  asm volatile("if %0 <= %1 goto +1\n%0 = %1" : "+r"(take) : "i"(CHUNK));
  if (take && bpf_probe_read_user(e->data, take, (void *)at)) {
    count(N_UNREADABLE, 1);
    take = 0;
  }
  p.netns = namespace_of(sk);
  e->peer = p;
  e->head.time = bpf_ktime_get_ns();
  e->head.id = id;
  e->head.pos = 0;
  e->head.size = size;
  e->head.len = take;
  e->head.tgid = tgid;
  e->head.kind = K_DATAGRAM;
  e->head.dir = dir;
  asm volatile("if %0 <= %1 goto +1\n%0 = %1" : "+r"(take) : "i"(CHUNK));
  if (data.ringbuf_output(e, sizeof(struct record) + sizeof(struct peer) + take, 1)) {
    count(N_DATA_LOST, 1);
    count(N_BYTES_LOST, size);
  } else {
    count(N_EVENTS, 1);
  }
  return 0;
}

static __always_inline int datagrams_of(u64 sk, struct common *c, s64 ret, u8 dir, u32 tgid, u64 regs) {
#ifdef BY_CALL  // one event for all messages of a call; `ret` is how many there were
  struct arguments a = {};
  if (call_of_process(&a, regs) && (a.nr == NR_SENDMMSG || a.nr == NR_RECVMMSG)) {
    for (int i = 0; i < 8; i++) {
      if (i >= ret) break;
      u64 message = a.a1 + 64 * i;  // struct mmsghdr: msg_len lies behind a msghdr of 56 bytes
      u32 size = 0;
      bpf_probe_read_user(&size, sizeof size, (void *)(message + 56));
      datagram(sk, c, size, dir, tgid, regs, message);
    }
    return 0;
  }
#endif
  return datagram(sk, c, ret, dir, tgid, regs, 0);
}
