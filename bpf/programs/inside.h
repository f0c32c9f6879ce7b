// Plain text inside TLS: what SSL_read gave and SSL_write was given, put down as bytes of the connection underneath, in the
// place of its ciphertext. Where a connection turned to TLS after it had begun (STARTTLS), the plain text goes on where the
// clear text ended; nothing but a record that says so lies between them.
//
// Which connection that is: the socket that the library itself uses while the call runs (curl, nginx, CPython's sockets). A
// program that moves the encrypted bytes itself (Node, asyncio) asks for the plain text as soon as it has received them: so
// the first to ask on that thread is whose they are. In either case the bytes must look like TLS.
#define TLS_RECORD 1     // begins a record (RFC 8446, 5.1)
#define TLS_HANDSHAKE 2  // one of the handshake, which nothing of the plain text comes before
#define TLS_HELLO 3      // a hello, the first of either side

static __always_inline u8 what_of_tls(u64 from, u64 size) {
  u8 b[6] = {};
  if (size < 5 || bpf_probe_read_user(b, 5, (void *)from)) return 0;
  if (size > 5) bpf_probe_read_user(&b[5], 1, (void *)(from + 5));
  if (b[0] < 0x14 || b[0] > 0x17 || b[1] != 3 || b[2] > 4) return 0;
  if (b[0] != 0x16) return TLS_RECORD;
  return b[5] == 1 || b[5] == 2 ? TLS_HELLO : TLS_HANDSHAKE;
}

#ifdef TLS
#include <uapi/linux/ptrace.h>

struct call {
  u64 ssl;
  u64 buffer;  // 0: of a handshake
  u64 done;    // where an _ex call puts the length
  u64 stack;   // of Go: how far below the top of the stack the buffer lies; 0: it lies elsewhere
  u64 sk;      // the socket used since it began
};
struct carrier {
  u64 sk;
  u64 id;  // 0: of a connection that nobody asked for
};
struct received {
  u64 sk, id;
  u64 ssl;  // who asked for the plain text first
  u64 handshake;
};
struct session {
  u64 ssl;
  u32 tgid, pad;
};
BPF_TABLE("lru_hash", u64, struct call, calls, 8192);                    // by thread
BPF_TABLE("lru_hash", u64, struct received, latest, 8192);               // by thread: what it received outside of calls
BPF_TABLE("lru_hash", struct session, struct carrier, carriers, 65536);

// A call of Go's crypto/tls may go on on another thread, but not in another goroutine (see go.h).
struct goroutine {
  u64 g;
  u32 tgid, pad;
};
BPF_TABLE("lru_hash", struct goroutine, struct call, go_calls, 8192);

#if defined(__aarch64__)
#define OFF_GOROUTINE (28 * 8)  // x28
#else
#define OFF_GOROUTINE (OFF_PT_REGS_R10 - 48)  // r14
#endif

// The call of a library that the present one of the kernel is part of.
static __always_inline struct call *call_above(u64 who, u64 regs) {
  struct call *c = calls.lookup(&who);
  if (c) return c;
#ifndef BY_CALL
  regs = bpf_task_pt_regs((void *)bpf_get_current_task_btf());
#endif
  struct goroutine g = {.g = read_u64(regs + OFF_GOROUTINE), .tgid = who >> 32};
  return go_calls.lookup(&g);
}

// Notes which connection moves bytes that may be TLS.
static __always_inline void below_tls(u64 who, u64 sk, struct conn *k, u8 dir, u64 from, u64 size, u64 regs) {
  struct call *c = call_above(who, regs);
  u8 what = k->inside ? 0 : what_of_tls(from, size);
  if (what == TLS_HELLO || (what && c)) k->tls = 1;
  if (c) {
    if (what >= TLS_HANDSHAKE) k->whole = 1;
    if (k->tls) c->sk = sk;
  } else if (dir == RECEIVED && (what || k->tls)) {
    struct received r = {.sk = sk, .id = k->id, .handshake = what >= TLS_HANDSHAKE};
    latest.update(&who, &r);
  }
}

// The same of a connection that nobody asked for: its plain text is not missed.
static __always_inline void not_asked_for(u64 who, u64 sk, u8 dir, u64 regs) {
  struct call *c = call_above(who, regs);
  if (c) {
    if (!c->sk) c->sk = sk;
  } else if (dir == RECEIVED) {
    struct received r = {.sk = sk};
    latest.update(&who, &r);
  }
}

// `asks`: for what was received. A call that sends does so as well while the handshake goes on (Node), which is while nothing
// is known of its connection.
static __always_inline bool find_carrier(u64 who, struct call *c, bool asks, struct carrier *found) {
  struct session s = {.ssl = c->ssl, .tgid = who >> 32};
  if (c->sk) {
    struct conn *k = conns.lookup(&c->sk);
    found->sk = c->sk;
    found->id = k ? k->id : 0;
    carriers.update(&s, found);
    return true;
  }
  struct carrier *known = carriers.lookup(&s);
  struct received *r = asks || !known ? latest.lookup(&who) : NULL;
  if (r && !r->ssl) {
    r->ssl = c->ssl;
    found->sk = r->sk;
    found->id = r->id;
    carriers.update(&s, found);
    struct conn *k = r->handshake ? conns.lookup(&found->sk) : NULL;
    if (k && k->id == found->id) k->whole = 1;
    return true;
  }
  if (!known) return false;
  *found = *known;
  return true;
}

// These programs run where a process may be interrupted for another, so they share no memory of a processor: records are
// written where they will lie, with the least of a few amounts of room.
static __always_inline void put_piece(struct record *head, u64 from, u64 take, u64 room) {
  struct scratch *e = data.ringbuf_reserve(sizeof(struct record) + room);
  if (!e) {
    count(N_DATA_LOST, 1);
    count(N_BYTES_LOST, head->size);
    return;
  }
  e->head = *head;
  asm volatile("if %0 <= %1 goto +1\n%0 = %1" : "+r"(take) : "r"(room));
  if (bpf_probe_read_user(e->data, take, (void *)from)) {
    count(N_UNREADABLE, 1);
    take = 0;
  }
  e->head.len = take;
  data.ringbuf_submit(e, 1 /* BPF_RB_NO_WAKEUP */);
  count(N_EVENTS, 1);
}

static __always_inline void put_plain(struct record *head, u64 from, u64 size) {
#pragma unroll
  for (int i = 0; i < CHUNKS; i++) {
    if (!size) return;
    u64 stands = i == CHUNKS - 1 || size <= CHUNK ? size : CHUNK;
    head->size = stands;
    if (stands <= 208)
      put_piece(head, from, stands, 208);
    else if (stands <= 1024)
      put_piece(head, from, stands, 1024);
    else if (stands <= 4096)
      put_piece(head, from, stands, 4096);
    else if (stands <= 16384)  // no record of TLS holds more
      put_piece(head, from, stands, 16384);
    else
      put_piece(head, from, stands, CHUNK);
    head->pos += stands;
    from += stands;
    size -= stands;
  }
}

static __always_inline int entered(u64 ssl, u64 buffer, u64 done) {
  u64 who = bpf_get_current_pid_tgid();
  if (!wanted_process(who >> 32)) return 0;
  struct call c = {.ssl = ssl, .buffer = buffer, .done = done};
  calls.update(&who, &c);
  return 0;
}

// Puts plain text down as bytes of the connection that carries it.
static __always_inline int put_inside(u64 who, struct carrier *at, u64 buffer, u64 size, u8 dir) {
  struct conn *k = conns.lookup(&at->sk);
  if (!k || k->id != at->id) {
    count(N_NO_CARRIER, 1);
    return 0;
  }
  k->tls = 1;
  struct record head = {.time = bpf_ktime_get_ns(), .id = k->id, .pos = k->plain[dir & 1], .tgid = who >> 32, .dir = dir};
  k->plain[dir & 1] += size;
  if (k->shed || is_ignored(k->id | PLAINTEXT)) return 0;
  if (!k->inside) {
    head.kind = k->whole ? K_INSIDE : K_JOINED;
    if (data.ringbuf_output(&head, sizeof head, 1))
      count(N_DATA_LOST, 1);
    else
      k->inside = 1;
    head.kind = K_DATA;
  }
  put_plain(&head, buffer, size);
  return 0;
}

static __always_inline int left(s64 ret, u8 dir) {
  u64 who = bpf_get_current_pid_tgid();
  struct call *c = calls.lookup(&who);
  if (!c || !c->buffer) return 0;
  u64 size = ret > 0 ? ret : 0, buffer = c->buffer;
  if (c->done && (ret != 1 || bpf_probe_read_user(&size, sizeof size, (void *)c->done))) size = 0;
  struct carrier at = {};
  bool found = find_carrier(who, c, dir == RECEIVED, &at);
  calls.delete(&who);
  if (!size || (found && !at.id)) return 0;
  return put_inside(who, &at, buffer, size, dir);
}

int ssl_enter(struct pt_regs *ctx) {
  return entered(PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), 0);
}

int ssl_enter_ex(struct pt_regs *ctx) {
  return entered(PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM4(ctx));
}

int ssl_read_left(struct pt_regs *ctx) {
  return left((int)PT_REGS_RC(ctx), RECEIVED);
}

int ssl_write_left(struct pt_regs *ctx) {
  return left((int)PT_REGS_RC(ctx), SENT);
}

// BoringSSL shakes hands within SSL_read and SSL_write: that call goes on.
int ssl_enter_handshake(struct pt_regs *ctx) {
  u64 who = bpf_get_current_pid_tgid(), ssl = PT_REGS_PARM1(ctx);
  struct call *c = calls.lookup(&who);
  return c && c->ssl == ssl && c->buffer ? 0 : entered(ssl, 0, 0);
}

int ssl_handshake_left(struct pt_regs *ctx) {
  u64 who = bpf_get_current_pid_tgid();
  struct call *c = calls.lookup(&who);
  struct carrier at = {};
  if (!c || c->buffer) return 0;
  find_carrier(who, c, true, &at);
  calls.delete(&who);
  return 0;
}

int ssl_free(struct pt_regs *ctx) {
  struct session s = {.ssl = PT_REGS_PARM1(ctx), .tgid = bpf_get_current_pid_tgid() >> 32};
  carriers.delete(&s);
  return 0;
}
#endif
