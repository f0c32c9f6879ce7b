/* Included before anything else; bcc's own headers ask for this one. */
#define CONFIG_BPF_SYSCALL 1
