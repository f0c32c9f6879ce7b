// Bytes of sockets, by one hook for each call that sends or receives: sock_send_length and sock_recv_length (Linux 6.3)
// run once a call has succeeded, with the socket and the length. What the tracepoint does not say, where the bytes lie in
// the process, is read from the registers the process entered the kernel with. So nothing is kept from a call's entry to its
// exit, nothing runs for calls on files, and processes that use no sockets pay nothing.
//
// On older kernels (BY_CALL) the end of every system call is hooked instead, and the socket found by its descriptor.
#include "socket.h"

struct arguments {
  u64 nr, a0, a1, a2, a3, a4;
};

// A member of what the kernel vouches for is read where it lies; on kernels that may not, by a call that copies it.
#ifdef BY_CALL
#define TASK bpf_get_current_task()
#define MEMBER(type, at, offset) read_##type((at) + (offset))
#else
#define TASK ((u64)bpf_get_current_task_btf())
#define MEMBER(type, at, offset) \
  ({ u64 value_; asm volatile("%0 = *(" #type " *)(%1 + %2)" : "=r"(value_) : "r"(at), "i"(offset)); value_; })
#endif

static __always_inline bool words(u64 *to, int count, u64 at) {
#ifdef BY_CALL
  return !bpf_probe_read_kernel(to, 8 * count, (void *)at);
#else
#pragma unroll
  for (int i = 0; i < count; i++) to[i] = MEMBER(u64, at, 8 * i);
  return true;
#endif
}

// What the process asked for; `regs` are the registers it came with. False where that cannot be told.
static __always_inline bool call_of_process(struct arguments *a, u64 regs) {
  u64 task = TASK;
  if (MEMBER(u32, task, OFF_TASK_STRUCT_FLAGS) & (0x00200000 | 0x00000010)) return false;  // PF_KTHREAD, PF_IO_WORKER
#ifndef BY_CALL
  regs = bpf_task_pt_regs((void *)task);
#endif
#if defined(__aarch64__)
  u64 x[5];
  if (!words(x, 5, regs)) return false;
  a->nr = MEMBER(u32, regs, OFF_PT_REGS_SYSCALLNO);
  a->a0 = MEMBER(u64, regs, OFF_PT_REGS_ORIG_X0);
  a->a1 = x[1]; a->a2 = x[2]; a->a3 = x[3]; a->a4 = x[4];
  return true;
#else
  u64 x[9];  // r10 r9 r8 ax cx dx si di orig_ax; ip and cs follow
  if (!words(x, 9, regs + OFF_PT_REGS_R10)) return false;
  a->nr = x[8]; a->a0 = x[7]; a->a1 = x[6]; a->a2 = x[5]; a->a3 = x[0]; a->a4 = x[2];
  return MEMBER(u16, regs, OFF_PT_REGS_R10 + 80) == 0x33;  // a 64-bit program; other numbers and layouts hold for 32-bit ones
#endif
}

// Which message of sendmmsg or recvmmsg this is: they come one after the other, each with an event of its own.
struct progress {
  u64 vector;
  u32 next;
};
BPF_TABLE("lru_hash", u64, struct progress, many, 1024);

static __always_inline u64 message_of_many(struct arguments *a) {
  u64 who = bpf_get_current_pid_tgid();
  struct progress *p = many.lookup(&who);
  u32 at = 0;
  if (p && p->vector == a->a1 && p->next < a->a2) at = p->next;
  if (at + 1 >= (u32)a->a2) {
    many.delete(&who);
  } else {
    struct progress next = {.vector = a->a1, .next = at + 1};
    many.update(&who, &next);
  }
  return a->a1 + 64 * at;  // sizeof(struct mmsghdr)
}

struct vector {
  u64 base, len;
};

BPF_PERCPU_ARRAY(retries, u64, 1);

static __always_inline void lose(u64 size) {
  count(N_DATA_LOST, 1);
  count(N_BYTES_LOST, size);
}

// While the ring is full, nothing is made ready for it: that would cost who sends and receives most of what a record does.
// It is tried again after a while, by each processor.
#define RETRY 1000000  // ns

static __always_inline bool no_room(void) {
  u32 zero = 0;
  u64 *until = retries.lookup(&zero);
  if (!until || !*until) return false;
  if (bpf_ktime_get_ns() < *until) return true;
  *until = 0;
  return false;
}

static __always_inline void found_no_room(void) {
  u32 zero = 0;
  u64 *until = retries.lookup(&zero);
  if (until) *until = bpf_ktime_get_ns() + RETRY;
}

static __always_inline void put(struct scratch *e, u64 from, u64 size, u64 take) {
  // Written so that clang cannot turn the bound into something the verifier does not follow.
  asm volatile("if %0 <= %1 goto +1\n%0 = %1" : "+r"(take) : "i"(CHUNK));
  e->head.size = size;
  if (take && bpf_probe_read_user(e->data, take, (void *)from)) {
    count(N_UNREADABLE, 1);
    take = 0;
  }
  e->head.len = take;
  asm volatile("if %0 <= %1 goto +1\n%0 = %1" : "+r"(take) : "i"(CHUNK));
  if (data.ringbuf_output(e, sizeof(struct record) + take, 1 /* BPF_RB_NO_WAKEUP: the reader polls */)) {
    lose(size);
    found_no_room();
  } else {
    count(N_EVENTS, 1);
  }
  e->head.pos += size;
}

static __always_inline void put_buffer(struct scratch *e, u64 base, u64 size) {
#pragma unroll
  for (int i = 0; i < CHUNKS; i++) {
    if (!size) return;
    u64 stands = i == CHUNKS - 1 || size <= CHUNK ? size : CHUNK;
    put(e, base, stands, stands);
    base += stands;
    size -= stands;
  }
}

#define STEPS 64  // records that one call with many buffers may become

// How far it has come is kept in memory: of a register the verifier would follow every value, round by round.
static __always_inline void put_vectors(struct scratch *e, u64 at, u64 n, u64 size) {
  e->left = 0;
  e->next = 0;
  e->size = size;
  e->room = CHUNKS * CHUNK;
  for (int i = 0; i < STEPS; i++) {
    if (!e->size) return;
    if (!e->left) {
      if (e->next >= n || bpf_probe_read_user(&e->base, sizeof(struct vector), (void *)(at + 16 * e->next))) break;
      e->next++;
    }
    u64 stands = e->left < e->size ? e->left : e->size;
    if (!stands) continue;
    if (stands > e->room) stands = e->room;
    if (!stands) break;
    if (stands > CHUNK) stands = CHUNK;
    put(e, e->base, stands, stands);
    e->base += stands;
    e->left -= stands;
    e->size -= stands;
    e->room -= stands;
  }
  if (e->size) put(e, 0, e->size, 0);
}

// Where the bytes of the call lie: a buffer (returns 1), a vector of buffers (2), or out of sight (0).
static __always_inline int where(struct arguments *a, u64 *at, u64 *n, u64 *message) {
  u64 m;
  switch (a->nr) {
    case NR_READ: case NR_WRITE: case NR_RECVFROM: case NR_SENDTO:
      *at = a->a1;
      return 1;
    case NR_READV: case NR_WRITEV:
      *at = a->a1;
      *n = a->a2;
      return 2;
    case NR_RECVMSG: case NR_SENDMSG:
      m = a->a1;
      break;
    case NR_RECVMMSG: case NR_SENDMMSG:
      m = *message ?: message_of_many(a);
      break;
    default:
      return 0;
  }
  struct vector v = {};
  if (bpf_probe_read_user(&v, sizeof v, (void *)(m + 16))) return 0;  // msg_iov, msg_iovlen
  *message = m;
  *at = v.base;
  *n = v.len;
  return 2;
}

static __always_inline u64 process_start(u64 task) {
  return read_u64(read_u64(task + OFF_TASK_STRUCT_GROUP_LEADER) + OFF_TASK_STRUCT_START_BOOTTIME);
}

// Who it is, told by the process itself: it may have ended before anybody looks it up.
static __always_inline void introduce(struct opened *o, u32 tgid) {
  u64 task = bpf_get_current_task();
  o->tgid = tgid;
  o->start = process_start(task);
  o->cgroup = bpf_get_current_cgroup_id();
  o->uid = bpf_get_current_uid_gid();
  // The name of the process, which a thread may not have.
  u64 leader = read_u64(task + OFF_TASK_STRUCT_GROUP_LEADER);
  bpf_probe_read_kernel(o->comm, sizeof o->comm, (void *)(leader + OFF_TASK_STRUCT_COMM));
  u64 mm = read_u64(task + OFF_TASK_STRUCT_MM);
  u64 from = mm ? read_u64(mm + OFF_MM_STRUCT_ARG_START) : 0;
  u64 size = mm ? read_u64(mm + OFF_MM_STRUCT_ARG_END) - from : 0;
  asm volatile("if %0 <= %1 goto +1\n%0 = %1" : "+r"(size) : "i"(ARGS));
  o->args_len = size && !bpf_probe_read_user(o->args, size, (void *)from) ? size : 0;
}

static __always_inline void announce(u64 sk, struct conn *k, struct common *c, u32 tgid, u64 now) {
  struct opened *o = control.ringbuf_reserve(sizeof(struct opened));
  k->announced = 1;
  if (!o) {
    count(N_CONTROL_LOST, 1);
    return;
  }
  introduce(o, tgid);
  o->kind = C_OPENED;
  o->time = now;
  o->id = k->id;
  o->opened = k->opened;
  o->netns = namespace_of(sk);
  o->family = c->family;
  o->lport = c->num;
  o->rport = SWAP16(c->dport);
  o->role = k->role;
  o->quiet = k->tls ? QUIET_TLS : is_ignored(k->id) ? QUIET_IGNORED : 0;
  addresses(sk, c, o->laddr, o->raddr);
  control.ringbuf_submit(o, 1);
}

static __always_inline struct conn *begin(u64 sk, struct common *c, u64 opened, u8 role) {
  struct conn fresh = {.id = next_id(), .opened = opened, .role = role, .lport = c->num, .rport = SWAP16(c->dport)};
  if (is_shed(fresh.id)) {
    fresh.shed = 1;
    ignore(fresh.id);
  }
  conns.update(&sk, &fresh);
  return conns.lookup(&sk);
}

#include "inside.h"
#include "go.h"

// First bytes that no protocol of ours begins with: such a connection is counted, and costs no more than that.
static __always_inline void look(struct conn *k, u64 from, u64 size) {
  u8 b[4] = {};
  if (what_of_tls(from, size) == TLS_HELLO) k->tls = 1;
  if (size < sizeof b || bpf_probe_read_user(b, sizeof b, (void *)from)) return;
  if (b[0] == 'S' && b[1] == 'S' && b[2] == 'H' && b[3] == '-') ignore(k->id);  // RFC 4253, 4.2
}

#ifdef DATAGRAMS
#include "datagram.h"
#endif

#define NOT_TAKEN 0x2002  // MSG_PEEK, MSG_ERRQUEUE: what is read stays, or was never in the stream

static __always_inline int moved(u64 sk, s64 ret, u8 dir, u64 regs) {
  u64 who = bpf_get_current_pid_tgid();
  u32 tgid = who >> 32;
  if (!wanted_process(tgid) || ret < 0) return 0;
  struct common c;
  bpf_probe_read_kernel(&c, sizeof c, (void *)sk);
  if (c.family != 2 && c.family != 10) return 0;
  u16 remote = SWAP16(c.dport);
  struct conn *k = conns.lookup(&sk);
  if (!k) {
    u16 proto = read_u16(sk + OFF_SOCK_SK_PROTOCOL);
#ifdef DATAGRAMS
    if (proto == 17) return ret ? datagrams_of(sk, &c, ret, dir, tgid, regs) : 0;
#endif
    if (proto != 6 || !ret) return 0;
    if (!wanted_ports(c.num, remote)) {
#ifdef TLS
      not_asked_for(who, sk, dir, regs);
#endif
      return 0;
    }
    bool opening = c.state == 2 /* TCP_SYN_SENT: data with the handshake */;
    k = begin(sk, &c, opening ? bpf_ktime_get_ns() : 0, opening ? ROLE_CLIENT : ROLE_UNKNOWN);
    if (!k) return 0;
  }
  u64 pos = k->plain[dir & 1];
  k->pos[dir & 1] += ret;
#ifndef TLS
  if (k->announced && k->tls) return 0;
  if (k->announced && is_ignored(k->id)) {
    k->plain[dir & 1] += ret;
    return 0;
  }
  if (k->announced && ret && no_room()) {
    k->plain[dir & 1] += ret;
    lose(ret);
    return 0;
  }
#endif
  struct arguments a = {};
  u64 at = 0, n = 0, message = 0;
  int kind = call_of_process(&a, regs) ? where(&a, &at, &n, &message) : 0;
  u64 now = bpf_ktime_get_ns(), first = at;
  if (kind == 2) bpf_probe_read_user(&first, sizeof first, (void *)at);
#ifdef TLS
  if (ret) below_tls(who, sk, k, dir, first, kind ? ret : 0, regs);
#endif
  if (!k->announced) {
    k->tgid = tgid;
    if (kind && k->opened) look(k, first, ret);
    announce(sk, k, &c, tgid, now);
  }
  if (!k->tls) k->plain[dir & 1] += ret;
  if ((k->tls && (ret || !k->inside)) || is_ignored(k->id)) return 0;
  u32 zero = 0;
  struct scratch *e = scratches.lookup(&zero);
  if (!e) return 0;
  e->head.time = now;
  e->head.id = k->id;
  e->head.pos = pos;
  e->head.tgid = tgid;
  e->head.kind = ret ? K_DATA : K_END;
  e->head.dir = dir;
  if (!ret) {
    if (dir == RECEIVED) put(e, 0, 0, 0);
  } else if (kind == 1) {
    put_buffer(e, at, ret);
  } else if (kind == 2) {
    put_vectors(e, at, n, ret);
  } else {
    count(N_URING, 1);
    put(e, 0, ret, 0);
  }
  return 0;
}

#ifdef BY_CALL
#include "bycall.h"
#else
RAW_TRACEPOINT_PROBE(sock_send_length) {
  return moved(ctx->args[0], (int)ctx->args[1], SENT, 0);
}

RAW_TRACEPOINT_PROBE(sock_recv_length) {
  return ctx->args[2] & NOT_TAKEN ? 0 : moved(ctx->args[0], (int)ctx->args[1], RECEIVED, 0);
}
#endif

// A connection is established: by our side, or on it. This runs in whatever process the packet interrupted.
RAW_TRACEPOINT_PROBE(inet_sock_set_state) {
  u64 sk = ctx->args[0];
  int from = ctx->args[1], to = ctx->args[2];
  if (to == 1 /* TCP_ESTABLISHED */) {
    if (from != 2 /* TCP_SYN_SENT */ && from != 3 /* TCP_SYN_RECV */) return 0;
    struct common c;
    bpf_probe_read_kernel(&c, sizeof c, (void *)sk);
    if ((c.family != 2 && c.family != 10) || !wanted_ports(c.num, SWAP16(c.dport))) return 0;
    struct conn *k = conns.lookup(&sk);
    if (k && k->opened && k->lport == c.num && k->rport == SWAP16(c.dport)) return 0;  // sent data with its SYN
    begin(sk, &c, bpf_ktime_get_ns(), from == 2 ? ROLE_CLIENT : ROLE_SERVER);
  } else if (to == 4 /* TCP_FIN_WAIT1 */ || to == 9 /* TCP_LAST_ACK */) {
    struct conn *k = conns.lookup(&sk);
    u32 zero = 0;
    struct record end = {};
    if (!k || !k->announced || (k->tls && !k->inside) || is_ignored(k->id)) return 0;
    end.time = bpf_ktime_get_ns();
    end.id = k->id;
    end.pos = k->plain[SENT];
    end.kind = K_END;
    end.dir = SENT;
    end.tgid = k->tgid;
    if (data.ringbuf_output(&end, sizeof end, 1)) count(N_DATA_LOST, 1);
  }
  return 0;
}

RAW_TRACEPOINT_PROBE(tcp_destroy_sock) {
  u64 sk = ctx->args[0];
  struct conn *k = conns.lookup(&sk);
  if (!k) return 0;
  if (k->announced) {
    struct closed over = {.kind = C_CLOSED, .tgid = k->tgid, .time = bpf_ktime_get_ns(), .id = k->id};
    over.pos[SENT] = k->pos[SENT];
    over.pos[RECEIVED] = k->pos[RECEIVED];
    over.plain[SENT] = k->plain[SENT];
    over.plain[RECEIVED] = k->plain[RECEIVED];
    over.retransmits = read_u32(sk + OFF_TCP_SOCK_TOTAL_RETRANS);
    over.srtt = read_u32(sk + OFF_TCP_SOCK_SRTT_US) >> 3;
    if (control.ringbuf_output(&over, sizeof over, 1)) count(N_CONTROL_LOST, 1);
  }
  conns.delete(&sk);
  return 0;
}

#ifdef FILTER_PROCESS
#include "family.h"
#endif
