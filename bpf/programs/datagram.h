// UDP. Datagrams have no connection in the kernel's eyes: each record says who sent it, and the reader sorts them out.

#ifndef BY_CALL
// Where a datagram being received came from: the socket of a server has no peer. These run for UDP alone, when a process
// asks for the sender, just before sock_recv_length; they are attached to the root of the control groups.
struct source {
  u16 family, port, local_port, pad;
  u8 address[16];
};
BPF_TABLE("lru_hash", u64, struct source, sources, 4096);  // by thread

static __always_inline int heard(struct bpf_sock_addr *ctx, struct source *from) {
  u64 who = bpf_get_current_pid_tgid();
  u32 port = ctx->user_port;
  from->port = SWAP16(port);
  struct bpf_sock *sk = ctx->sk;
  if (sk) from->local_port = sk->src_port;
  sources.update(&who, from);
  return 1;  // the process gets its datagram in any case
}

int datagram_from4(struct bpf_sock_addr *ctx) {
  struct source from = {.family = 2};
  u32 address = ctx->user_ip4;
  __builtin_memcpy(from.address, &address, 4);
  return heard(ctx, &from);
}

int datagram_from6(struct bpf_sock_addr *ctx) {
  struct source from = {.family = 10};
  u32 words[4];
  words[0] = ctx->user_ip6[0];
  words[1] = ctx->user_ip6[1];
  words[2] = ctx->user_ip6[2];
  words[3] = ctx->user_ip6[3];
  __builtin_memcpy(from.address, words, 16);
  return heard(ctx, &from);
}

#endif

// To whom a socket without a peer last sent: who answers, when the process does not ask who it was (recv, read).
struct addressee {
  u16 family, port, local_port, pad;
  u8 address[16];
};
BPF_TABLE("lru_hash", u64, struct addressee, addressees, 4096);  // by socket

struct process {
  u64 start;
  u32 tgid, pad;
};
BPF_TABLE("lru_hash", struct process, u8, told, 8192);  // processes that were announced

static __always_inline void announce_process(u32 tgid, u64 now) {
  struct process p = {.start = process_start(bpf_get_current_task()), .tgid = tgid};
  if (told.lookup(&p)) return;
  u8 one = 1;
  told.update(&p, &one);
  struct opened *o = control.ringbuf_reserve(sizeof(struct opened));
  if (!o) {
    count(N_CONTROL_LOST, 1);
    return;
  }
  introduce(o, tgid);
  o->kind = C_PROCESS;
  o->time = now;
  control.ringbuf_submit(o, 1);
}

// Fills in the other end from an address that came with the call.
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

#ifdef BY_CALL
#define BUFFERS 2  // of one datagram; the verifier follows each of them, for each message
#else
#define BUFFERS 4
#endif
#define HALF (CHUNK / 2)  // where the last of them may begin, and what each may hold but the first

// Copies a datagram that lies in several buffers; gives how much of it that was.
static __always_inline u64 joined(struct scratch_datagram *e, u64 at, u64 n, u64 size) {
  struct vector v = {};
  if (!n || bpf_probe_read_user(&v, sizeof v, (void *)at)) return 0;
  u64 got = v.len < size ? v.len : size;
  asm volatile("if %0 <= %1 goto +1\n%0 = %1" : "+r"(got) : "i"(CHUNK));
  if (got && bpf_probe_read_user(e->data, got, (void *)v.base)) goto unreadable;
  for (int i = 1; i < BUFFERS; i++) {
    if (i >= n || got >= size || got > HALF) return got;
    if (bpf_probe_read_user(&v, sizeof v, (void *)(at + sizeof v * i))) goto unreadable;
    u64 part = v.len < size - got ? v.len : size - got, begin = got;
    asm volatile("if %0 <= %1 goto +1\n%0 = %1" : "+r"(part) : "i"(HALF));
    asm volatile("if %0 <= %1 goto +1\n%0 = %1" : "+r"(begin) : "i"(HALF));
    if (part && bpf_probe_read_user(e->data + begin, part, (void *)v.base)) goto unreadable;
    got += part;
    if (part == HALF) return got;
  }
  return got;
unreadable:
  count(N_UNREADABLE, 1);
  return 0;
}

// `message`: which one of sendmmsg or recvmmsg; 0 when there is but one, or it is to be found out.
static __always_inline int datagram(u64 sk, struct common *c, u64 size, u8 dir, u32 tgid, u64 regs, u64 message) {
  struct peer p = {.family = c->family, .lport = c->num, .rport = SWAP16(c->dport)};
  addresses(sk, c, p.laddr, p.raddr);
  struct arguments a = {};
  u64 at = 0, n = 0;
  int kind = call_of_process(&a, regs) ? where(&a, &at, &n, &message) : 0;
  u64 name = a.nr == NR_SENDTO || a.nr == NR_RECVFROM ? a.a4 : 0;
  if (message) bpf_probe_read_user(&name, sizeof name, (void *)message);
  bool known = p.rport;
#ifndef BY_CALL  // the kernel has not told the process yet
  if (dir == RECEIVED) {
    u64 who = bpf_get_current_pid_tgid();
    struct source *from = sources.lookup(&who);
    if (from && from->local_port == c->num) {
      p.family = from->family;
      p.rport = from->port;
      __builtin_memcpy(p.raddr, from->address, 16);
      sources.delete(&who);
      known = true;
    }
    name = 0;
  }
#endif
  if (name) known = target(name, &p);
  struct addressee *last = NULL;
  if (name && known && dir == SENT) {
    struct addressee to = {.family = p.family, .port = p.rport, .local_port = c->num};
    __builtin_memcpy(to.address, p.raddr, 16);
    addressees.update(&sk, &to);
  } else if (!known && (last = addressees.lookup(&sk)) && last->local_port == c->num) {
    p.family = last->family;
    p.rport = last->port;
    __builtin_memcpy(p.raddr, last->address, 16);
    known = true;
  }
  if (!known) {
    count(N_NO_PEER, 1);
    return 0;
  }
  u64 id = sk >> 6;
  if (!wanted_ports(p.lport, p.rport) || is_ignored(id) || is_shed(id)) return 0;
  u32 zero = 0;
  struct scratch_datagram *e = datagrams.lookup(&zero);
  if (!e) return 0;
  u64 take = size;
  if (kind == 2) {
    take = joined(e, at, n, size);
  } else if (!kind) {
    take = 0;
    count(N_URING, 1);
  } else {
    asm volatile("if %0 <= %1 goto +1\n%0 = %1" : "+r"(take) : "i"(CHUNK));
    if (take && bpf_probe_read_user(e->data, take, (void *)at)) {
      count(N_UNREADABLE, 1);
      take = 0;
    }
  }
  p.netns = namespace_of(sk);
  e->peer = p;
  e->head.time = bpf_ktime_get_ns();
  announce_process(tgid, e->head.time);
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

#define MESSAGES 4  // of one call; the verifier follows each of them

static __always_inline int datagrams_of(u64 sk, struct common *c, s64 ret, u8 dir, u32 tgid, u64 regs) {
#ifdef BY_CALL  // one event for all messages of a call; `ret` is how many there were
  struct arguments a = {};
  if (call_of_process(&a, regs) && (a.nr == NR_SENDMMSG || a.nr == NR_RECVMMSG)) {
    for (int i = 0; i < MESSAGES; i++) {
      if (i >= ret) break;
      u64 message = a.a1 + 64 * i;  // struct mmsghdr: msg_len lies behind a msghdr of 56 bytes
      u32 size = 0;
      bpf_probe_read_user(&size, sizeof size, (void *)(message + 56));
      datagram(sk, c, size, dir, tgid, regs, message);
    }
    if (ret > MESSAGES) count(N_URING, ret - MESSAGES);
    return 0;
  }
#endif
  return datagram(sk, c, ret, dir, tgid, regs, 0);
}
