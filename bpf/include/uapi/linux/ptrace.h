/* The registers a program is handed or reads from a task, in the order of the architecture's ABI. */
#pragma once
#ifdef __aarch64__
struct user_pt_regs {
	unsigned long long regs[31], sp, pc, pstate;
};
struct pt_regs {
	union {
		struct user_pt_regs user_regs;
		struct {
			unsigned long long regs[31], sp, pc, pstate;
		};
	};
	unsigned long long orig_x0;
	int syscallno;
	unsigned int unused2;
};
#else
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
#endif
