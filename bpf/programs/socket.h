// What the programs share: records as they lie in the rings, maps, and the filters that decide in the kernel.
//
// The loader defines OFF_* (member offsets read from BTF), NR_* (system call numbers), OURS(pid) (our own processes), CHUNK and
// CHUNKS (payload taken of one call), DATA_PAGES and CONTROL_PAGES (ring sizes), and the filters that were asked for.
// Layouts are mirrored in bpf/records.py, which checks the sizes; change both.
#include <linux/types.h>

#define SENT 0
#define RECEIVED 1

// Kinds of records of the data ring
#define K_DATA 0      // bytes of a direction
#define K_END 1       // the direction ends here (FIN, or a read that gave 0)
#define K_DATAGRAM 2  // a datagram; struct peer follows the header, then the bytes
#define K_INSIDE 3    // from here on the connection's bytes are the plain text inside TLS, from its beginning
#define K_JOINED 4    // the same, but some of it may have passed before

// Kinds of records of the control ring
#define C_OPENED 1
#define C_CLOSED 2
#define C_EXEC 3
#define C_PROCESS 4  // a process that sends or receives datagrams; as C_OPENED, without a connection

// Why no bytes of a connection follow its announcement
#define QUIET_TLS 1
#define QUIET_IGNORED 2

#define ROLE_UNKNOWN 0
#define ROLE_CLIENT 1
#define ROLE_SERVER 2

#define PLAINTEXT (1ULL << 63)  // set in the id of a connection of which the plain text inside TLS is ignored

// Counters of events that came to nothing
#define N_DATA_LOST 0     // the data ring was full: records
#define N_BYTES_LOST 1    // and the bytes they stood for
#define N_CONTROL_LOST 2  // the control ring was full
#define N_UNREADABLE 3    // the buffer could not be read at that moment (swapped out)
#define N_NO_PEER 4       // a datagram whose sender could not be told
#define N_EVENTS 5        // records put into the data ring
#define N_URING 6         // calls whose bytes are not visible (io_uring, sendfile, 32-bit calls)
#define N_NO_CARRIER 7    // plain text inside TLS whose connection could not be told
#define N_COUNTERS 8

struct record {
  u64 time;  // CLOCK_MONOTONIC, ns
  u64 id;    // connection; of datagrams the kernel's socket
  u64 pos;   // of the first byte in its direction
  u32 size;  // bytes this stands for
  u32 len;   // bytes that follow
  u32 tgid;
  u8 kind, dir, pad[2];
};

struct peer {
  u16 family, lport, rport, pad;
  u32 netns, pad2;
  u8 raddr[16], laddr[16];  // the latter is not known of every datagram sent
};

struct scratch {
  struct record head;
  char data[CHUNK];
  u64 base, left, next, size, room;  // how far a vector of buffers has been followed: see put_vectors
};

struct scratch_datagram {
  struct record head;
  struct peer peer;
  char data[CHUNK];
};

struct conn {
  u64 id;         // never given twice
  u64 pos[2];     // bytes sent and received so far
  u64 plain[2];   // the same without those that are ciphertext, with the plain text inside TLS instead: positions of records
  u64 opened;     // when it was established; 0: before we looked
  u32 tgid;
  u16 lport, rport;
  u8 role, announced;
  u8 tls;     // moves ciphertext
  u8 inside;  // its plain text is put down
  u8 whole;   // and was so from its beginning
  u8 shed, pad[2];
};

#define ARGS 256

struct opened {
  u32 kind, tgid;
  u64 time, id;
  u64 start;   // of the process, ns since boot
  u64 opened;  // when it was established; 0: before we looked
  u64 cgroup;
  u32 uid, netns;
  u16 family, lport, rport;
  u8 role, quiet, pad[4];
  u32 args_len;
  u8 laddr[16], raddr[16];
  char comm[16];
  char args[ARGS];
};

struct closed {
  u32 kind, tgid;
  u64 time, id;
  u64 pos[2], plain[2];
  u32 retransmits, srtt;  // srtt in microseconds
};

struct execed {
  u32 kind, tgid;
  u64 time;
  char comm[16];
};

// The first members of struct sock_common have had this layout since Linux 3.9; the loader compares it with BTF.
struct common {
  u32 daddr, saddr, hash;
  u16 dport, num, family;
  u8 state, reuse;
};

BPF_TABLE("lru_hash", u64, struct conn, conns, 65536);
BPF_PERCPU_ARRAY(counters, u64, N_COUNTERS);
BPF_PERCPU_ARRAY(scratches, struct scratch, 1);
BPF_PERCPU_ARRAY(datagrams, struct scratch_datagram, 1);
BPF_RINGBUF_OUTPUT(data, DATA_PAGES);
BPF_RINGBUF_OUTPUT(control, CONTROL_PAGES);
// Connections that need not be looked at any more, written by the reader through mapped memory: [id & (IGNORED - 1)] = id.
#define IGNORED 65536
BPF_F_TABLE("array", u32, u64, ignored, IGNORED, BPF_F_MMAPABLE);
// [0]: of 256 connections, how many are left out because there is too much to do.
BPF_F_TABLE("array", u32, u64, shed, 1, BPF_F_MMAPABLE);

static __always_inline void count(int what, u64 by) {
  u64 *n = counters.lookup(&what);
#ifdef TLS  // with programs that may be interrupted for each other
  if (n) __sync_fetch_and_add(n, by);
#else
  if (n) *n += by;
#endif
}

// By another name bcc leaves it alone: of every call of bpf_probe_read_user it asks /proc/kallsyms whether there is such a
// function, which takes longer than all else it does.
static int (*read_user)(void *to, u32 size, const void *from) = (void *)BPF_FUNC_probe_read_user;
#define bpf_probe_read_user read_user

static __always_inline u64 read_u64(u64 at) {
  u64 value = 0;
  bpf_probe_read_kernel(&value, sizeof value, (void *)at);
  return value;
}

static __always_inline u32 read_u32(u64 at) {
  u32 value = 0;
  bpf_probe_read_kernel(&value, sizeof value, (void *)at);
  return value;
}

static __always_inline u16 read_u16(u64 at) {
  u16 value = 0;
  bpf_probe_read_kernel(&value, sizeof value, (void *)at);
  return value;
}

// The number of the system call in the registers a process came with.
#if defined(__aarch64__)
#define OF_CALL(regs) read_u32((regs) + OFF_PT_REGS_SYSCALLNO)
#else
#define OF_CALL(regs) read_u32((regs) + OFF_PT_REGS_R10 + 64)  // orig_ax
#endif

#define SWAP16(v) ((u16)(((v) >> 8) | ((v) << 8)))

#ifdef FILTER_PROCESS
BPF_HASH(pids, u32, u8, 16384);
static __always_inline bool wanted_process(u32 tgid) {
  return pids.lookup(&tgid) != NULL;
}
#else
static __always_inline bool wanted_process(u32 tgid) {
  return !OURS(tgid);
}
#endif

// PORT_IS(port) is made by the loader: true without a filter.
static __always_inline bool wanted_ports(u16 local, u16 remote) {
  return PORT_IS(local) || PORT_IS(remote);
}

static __always_inline void addresses(u64 sk, struct common *c, u8 *local, u8 *remote) {
  if (c->family == 2) {
    __builtin_memcpy(local, &c->saddr, 4);
    __builtin_memcpy(remote, &c->daddr, 4);
  } else {
    bpf_probe_read_kernel(local, 16, (void *)(sk + OFF_SOCK_COMMON_SKC_V6_RCV_SADDR));
    bpf_probe_read_kernel(remote, 16, (void *)(sk + OFF_SOCK_COMMON_SKC_V6_DADDR));
  }
}

static __always_inline u32 namespace_of(u64 sk) {
  return read_u32(read_u64(sk + OFF_SOCK_COMMON_SKC_NET) + OFF_NET_NS_INUM);
}

// The socket behind a file descriptor of the process; 0: it is none.
static __always_inline u64 socket_of(u64 fd) {
  u64 fdt = read_u64(read_u64(bpf_get_current_task() + OFF_TASK_STRUCT_FILES) + OFF_FILES_STRUCT_FDT);
  if (fd >= read_u32(fdt + OFF_FDTABLE_MAX_FDS)) return 0;
  u64 file = read_u64(read_u64(fdt + OFF_FDTABLE_FD) + 8 * fd);
  if (!file) return 0;
  if ((read_u16(read_u64(file + OFF_FILE_F_INODE) + OFF_INODE_I_MODE) & 0170000) != 0140000) return 0;  // S_IFSOCK
  return read_u64(read_u64(file + OFF_FILE_PRIVATE_DATA) + OFF_SOCKET_SK);
}

// Never given twice: a processor cannot ask twice in one nanosecond, though a packet may interrupt who asks.
static __always_inline u64 next_id(void) {
  return bpf_ktime_get_ns() * CPUS + bpf_get_smp_processor_id();
}

static __always_inline bool is_ignored(u64 id) {
  u32 slot = id & (IGNORED - 1);
  u64 *who = ignored.lookup(&slot);
  return who && *who == id;
}

// Whole connections are left out when the reader cannot keep up; the multiplier spreads neighbours (Knuth, TAOCP 6.4).
static __always_inline bool is_shed(u64 id) {
  u32 zero = 0;
  u64 *level = shed.lookup(&zero);
  return level && *level && (((id * 0x9E3779B97F4A7C15ULL) >> 56) < *level);
}

static __always_inline void ignore(u64 id) {
  u32 slot = id & (IGNORED - 1);
  u64 *who = ignored.lookup(&slot);
  if (who) *who = id;
}
