#pragma once
#include <uapi/linux/ptrace.h>
struct bpf_perf_event_data {
#ifdef __aarch64__
	struct user_pt_regs regs;
#else
	struct pt_regs regs;
#endif
	unsigned long long sample_period, addr;
};
