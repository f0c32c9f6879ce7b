/* Every type named in the format of a tracepoint that a program uses must be here. */
#pragma once
typedef unsigned char u8, __u8;
typedef signed char s8, __s8;
typedef unsigned short u16, __u16;
typedef short s16, __s16;
typedef unsigned int u32, __u32;
typedef int s32, __s32;
typedef unsigned long long u64, __u64;
typedef long long s64, __s64;
typedef __u16 __be16, __le16, __sum16;
typedef __u32 __be32, __le32, __wsum;
typedef __u64 __be64, __le64;
typedef unsigned long size_t, uintptr_t;
typedef long ssize_t, off_t;
typedef long long loff_t;
typedef int pid_t;
typedef u32 uid_t, gid_t, dev_t, qid_t;
typedef u16 umode_t;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)
#define __aligned_u64 __u64 __attribute__((aligned(8)))
#define __user
#define __always_inline inline __attribute__((always_inline))
