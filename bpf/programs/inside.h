// Plain text inside TLS: what SSL_read gave and SSL_write was given, put down as bytes of the connection underneath.
//
// Which connection that is: the socket that the library itself reads or writes while the call runs (curl, nginx, CPython). A
// program that moves the encrypted bytes itself (Node) does so on the same thread, just before it asks for the plain text.
#ifdef TLS
#include <uapi/linux/ptrace.h>

struct call {
  u64 ssl, buffer, done;  // `done`: where an _ex call puts the length
  u64 sk;                 // the socket used since the call began
};
struct carrier {
  u64 sk, id;
};
struct session {
  u64 ssl;
  u32 tgid, pad;
};
BPF_TABLE("lru_hash", u64, struct call, calls, 8192);                     // by thread
BPF_TABLE("lru_hash", u64, u64, latest, 8192);                            // by thread: socket of the last bytes received
BPF_TABLE("lru_hash", struct session, struct carrier, carriers, 65536);

static __always_inline int below_tls(u64 who, u64 sk, struct conn *k, u8 dir) {
  struct call *c = calls.lookup(&who);
  if (c)
    c->sk = sk;
  else if (dir == RECEIVED)
    latest.update(&who, &sk);
  return 0;
}

static __always_inline int entered(u64 ssl, u64 buffer, u64 done) {
  u64 who = bpf_get_current_pid_tgid();
  if (!wanted_process(who >> 32)) return 0;
  struct call c = {.ssl = ssl, .buffer = buffer, .done = done};
  calls.update(&who, &c);
  return 0;
}

static __always_inline struct conn *carrier_of(u64 who, struct call *c) {
  struct session s = {.ssl = c->ssl, .tgid = who >> 32};
  struct conn *k;
  if (c->sk) {
    k = conns.lookup(&c->sk);
    if (!k) return NULL;
    struct carrier now = {.sk = c->sk, .id = k->id};
    carriers.update(&s, &now);
    return k;
  }
  struct carrier *known = carriers.lookup(&s);
  if (known) {
    k = conns.lookup(&known->sk);
    if (k && k->id == known->id) return k;
  }
  u64 *sk = latest.lookup(&who);
  if (!sk) return NULL;
  k = conns.lookup(sk);
  if (!k) return NULL;
  struct carrier now = {.sk = *sk, .id = k->id};
  carriers.update(&s, &now);
  return k;
}

static __always_inline int left(s64 ret, u8 dir, bool data_call) {
  u64 who = bpf_get_current_pid_tgid();
  struct call *c = calls.lookup(&who);
  if (!c) return 0;
  u64 size = ret > 0 ? ret : 0;
  if (c->done && (ret != 1 || bpf_probe_read_user(&size, sizeof size, (void *)c->done))) size = 0;
  struct conn *k = carrier_of(who, c);
  u64 buffer = c->buffer;
  calls.delete(&who);
  if (!data_call || !size) return 0;
  if (!k) {
    count(N_NO_CARRIER, 1);
    return 0;
  }
  u64 id = k->id | PLAINTEXT;
  u64 pos = k->plain[dir & 1];
  k->plain[dir & 1] += size;
  if (is_ignored(id)) return 0;
  u32 zero = 0;
  struct scratch *e = scratches.lookup(&zero);
  if (!e) return 0;
  e->head.time = bpf_ktime_get_ns();
  e->head.id = id;
  e->head.pos = pos;
  e->head.tgid = who >> 32;
  e->head.kind = K_DATA;
  e->head.dir = dir;
  put_buffer(e, buffer, size);
  return 0;
}

int ssl_enter(struct pt_regs *ctx) {
  return entered(PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), 0);
}
int ssl_enter_ex(struct pt_regs *ctx) {
  return entered(PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM4(ctx));
}
int ssl_read_left(struct pt_regs *ctx) {
  return left((int)PT_REGS_RC(ctx), RECEIVED, true);
}
int ssl_write_left(struct pt_regs *ctx) {
  return left((int)PT_REGS_RC(ctx), SENT, true);
}
int ssl_handshake_left(struct pt_regs *ctx) {
  return left(0, SENT, false);
}
int ssl_free(struct pt_regs *ctx) {
  struct session s = {.ssl = PT_REGS_PARM1(ctx), .tgid = bpf_get_current_pid_tgid() >> 32};
  carriers.delete(&s);
  return 0;
}

#else
static __always_inline int below_tls(u64 who, u64 sk, struct conn *k, u8 dir) {
  return 0;
}
#endif
