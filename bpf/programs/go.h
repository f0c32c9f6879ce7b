// The same of Go's crypto/tls: what Conn.Read gave, and what Conn.Write handed down to be encrypted.
//
// A goroutine may change its thread, and its stack may be moved, while a call goes on; so calls are known by goroutine, and a
// buffer on the stack by how far it lies from the stack's top. Places where functions return are probed one by one.
//
// What is sent is taken before it is encrypted, under the lock that keeps the records of a connection in order: later, the
// answer may be there already, and nothing keeps the buffer from being used for something else.
//
// Which connection that is: the one that the goroutine itself moves encrypted bytes of, within such a call or a handshake. Of
// one that nothing was seen of yet, the socket that crypto/tls was given, provided that its type is that of Go's own
// connections: the program tells that itself, in what it knows of its types.
#ifdef TLS
#if defined(__aarch64__)
#define GO_G(ctx) ((ctx)->regs[28])
#define GO_1(ctx) ((ctx)->regs[0])
#define GO_2(ctx) ((ctx)->regs[1])
#define GO_3(ctx) ((ctx)->regs[2])
#define GO_4(ctx) ((ctx)->regs[3])
#else
#define GO_G(ctx) ((ctx)->r14)
#define GO_1(ctx) ((ctx)->ax)
#define GO_2(ctx) ((ctx)->bx)
#define GO_3(ctx) ((ctx)->cx)
#define GO_4(ctx) ((ctx)->di)
#endif

#define GO_APPLICATION_DATA 23  // type of a record (RFC 8446, 5.1)
#define MAY_SEND(state) ((state) == 1 || (state) == 8)  // TCP_ESTABLISHED, TCP_CLOSE_WAIT
#define GO_POINTER 22           // kinds of types (internal/abi/type.go)
#define GO_STRUCT 25

static __always_inline u64 user_u64(u64 at) {
  u64 value = 0;
  bpf_probe_read_user(&value, sizeof value, (void *)at);
  return value;
}

// A type begins with its size, 8 bytes; its kind is at 23, what is particular to the kind at 48.
static __always_inline bool go_is(u64 type, u8 kind) {
  u8 found = 0;
  return type && !bpf_probe_read_user(&found, 1, (void *)(type + 23)) && (found & 31) == kind;
}

static __always_inline u64 go_pointed(u64 type) {
  return go_is(type, GO_POINTER) ? user_u64(type + 48) : 0;
}

// The length of a name, and the name, as they stand behind a byte of flags.
#define GO_NAME(length, a, b, c, d, e) \
  ((u64)(length) | (u64)(a) << 8 | (u64)(b) << 16 | (u64)(c) << 24 | (u64)(d) << 32 | (u64)(e) << 40)

// The type of a field of a struct, if it has that name.
static __always_inline u64 go_field(u64 type, u32 which, u64 name) {
  struct {
    u64 name, type, offset;
  } f = {};
  u64 count = go_is(type, GO_STRUCT) ? user_u64(type + 64) : 0, found = 0;
  if (which >= count || bpf_probe_read_user(&f, sizeof f, (void *)(user_u64(type + 56) + which * sizeof f))) return 0;
  bpf_probe_read_user(&found, 1 + (name & 7), (void *)(f.name + 1));
  return found == name ? f.type : 0;
}

// net.TCPConn is struct { conn: struct { fd *netFD } }, netFD begins with pfd, an internal/poll.FD, and that with fdmu and
// Sysfd; so since Go 1.9.
static __always_inline bool go_is_socket(u64 itab) {
  u64 conn = go_field(go_pointed(user_u64(itab + 8)), 0, GO_NAME(4, 'c', 'o', 'n', 'n', 0));
  u64 fd = go_pointed(go_field(conn, 0, GO_NAME(2, 'f', 'd', 0, 0, 0)));
  u64 poll = go_field(fd, 0, GO_NAME(3, 'p', 'f', 'd', 0, 0));
  u64 lock = go_field(poll, 0, GO_NAME(4, 'f', 'd', 'm', 'u', 0));
  return lock && user_u64(lock) == 16 && go_field(poll, 1, GO_NAME(5, 'S', 'y', 's', 'f', 'd'));
}

static __always_inline bool go_socket(u64 tls, struct carrier *found) {
  struct {
    u64 itab, data;
  } below = {};
  if (bpf_probe_read_user(&below, sizeof below, (void *)tls) || !go_is_socket(below.itab)) return false;
  u64 sk = socket_of(user_u64(user_u64(below.data) + 16));
  struct common c;
  if (!sk || bpf_probe_read_kernel(&c, sizeof c, (void *)sk)) return false;
  if ((c.family != 2 && c.family != 10) || read_u16(sk + OFF_SOCK_SK_PROTOCOL) != 6) return false;
  struct conn *k = conns.lookup(&sk);
  if (!k && wanted_ports(c.num, SWAP16(c.dport))) k = begin(sk, &c, 0, ROLE_UNKNOWN);
  found->sk = sk;
  found->id = k ? k->id : 0;
  if (k && !k->announced) {
    k->tls = 1;
    k->tgid = bpf_get_current_pid_tgid() >> 32;
    announce(sk, k, &c, k->tgid, bpf_ktime_get_ns());
  }
  return true;
}

// `c`: a call that is over, in which bytes may have been moved.
static __always_inline bool go_carrier(u64 who, u64 tls, struct call *c, struct carrier *found) {
  struct session s = {.ssl = tls, .tgid = who >> 32};
  struct carrier *known = carriers.lookup(&s);
  if (c && c->sk) {
    struct conn *k = conns.lookup(&c->sk);
    found->sk = c->sk;
    found->id = k ? k->id : 0;
  } else if (known) {
    *found = *known;
    return true;
  } else if (!go_socket(tls, found)) {
    return false;
  }
  carriers.update(&s, found);
  return true;
}

static __always_inline int go_entered(struct pt_regs *ctx, u64 buffer) {
  u64 who = bpf_get_current_pid_tgid();
  if (!wanted_process(who >> 32)) return 0;
  struct goroutine g = {.g = GO_G(ctx), .tgid = who >> 32};
  struct call c = {.ssl = GO_1(ctx), .buffer = buffer};
  u64 stack[2] = {};  // g.stack: lo, hi
  bpf_probe_read_user(stack, sizeof stack, (void *)g.g);
  if (stack[0] <= buffer && buffer < stack[1]) c.stack = stack[1] - buffer;
  go_calls.update(&g, &c);
  return 0;
}

int go_read(struct pt_regs *ctx) {
  return go_entered(ctx, GO_2(ctx));
}

int go_read_left(struct pt_regs *ctx) {
  u64 who = bpf_get_current_pid_tgid();
  struct goroutine g = {.g = GO_G(ctx), .tgid = who >> 32};
  struct call *c = go_calls.lookup(&g);
  if (!c || !c->buffer) return 0;
  s64 size = GO_1(ctx);
  u64 buffer = c->stack ? user_u64(g.g + 8) - c->stack : c->buffer;
  struct carrier at = {};
  bool found = size > 0 && go_carrier(who, c->ssl, c, &at);
  go_calls.delete(&g);
  if (size <= 0 || (found && !at.id)) return 0;
  return put_inside(who, &at, buffer, size, RECEIVED);
}

// writeRecordLocked(c, typ, data)
int go_write(struct pt_regs *ctx) {
  u64 who = bpf_get_current_pid_tgid(), size = GO_4(ctx);
  if (!wanted_process(who >> 32) || (u8)GO_2(ctx) != GO_APPLICATION_DATA || !size) return 0;
  struct carrier at = {};
  if (go_carrier(who, GO_1(ctx), NULL, &at)) {
    struct conn *k = conns.lookup(&at.sk);
    struct common c = {};
    bpf_probe_read_kernel(&c, sizeof c, (void *)at.sk);
    if (!k || k->id != at.id || !MAY_SEND(c.state)) return 0;  // not asked for, or closed: nothing will be sent
  }
  return put_inside(who, &at, GO_3(ctx), size, SENT);
}

// Within a call to read it is part of that, though others may send before that is over.
int go_handshake(struct pt_regs *ctx) {
  struct goroutine g = {.g = GO_G(ctx), .tgid = bpf_get_current_pid_tgid() >> 32};
  struct call *c = go_calls.lookup(&g);
  return c && c->ssl == GO_1(ctx) && c->buffer ? 0 : go_entered(ctx, 0);
}

int go_handshake_left(struct pt_regs *ctx) {
  u64 who = bpf_get_current_pid_tgid();
  struct goroutine g = {.g = GO_G(ctx), .tgid = who >> 32};
  struct call *c = go_calls.lookup(&g);
  struct carrier at = {};
  if (!c) return 0;
  go_carrier(who, c->ssl, c, &at);
  if (!c->buffer) go_calls.delete(&g);
  return 0;
}
#endif
