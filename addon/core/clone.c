#include "clone.h"

#include <sys/syscall.h>

#ifndef SYS_clone3
#define SYS_clone3 435
#endif

long clone3_call(const struct clone_args *args, int (*child)(void *), void *argument) {
#if defined(__x86_64__)
	register long result __asm__("rax") = SYS_clone3;
	register const struct clone_args *arg1 __asm__("rdi") = args;
	register unsigned long arg2 __asm__("rsi") = sizeof *args;
	register int (*function)(void *) __asm__("r8") = child;
	register void *data __asm__("r9") = argument;
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "and $-16, %%rsp\n\t"
			 "mov %%r9, %%rdi\n\t"
			 "call *%%r8\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov $60, %%eax\n\t" // exit
			 "syscall\n\t"
			 "hlt\n"
			 "1:"
			 : "+r"(result)
			 : "r"(arg1), "r"(arg2), "r"(function), "r"(data)
			 : "rcx", "r11", "memory", "cc");
	return result;
#elif defined(__aarch64__)
	register long number __asm__("x8") = SYS_clone3;
	register long result __asm__("x0") = (long)args;
	register unsigned long arg2 __asm__("x1") = sizeof *args;
	register int (*function)(void *) __asm__("x10") = child;
	register void *data __asm__("x11") = argument;
	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x30, xzr\n\t"
			 "mov x0, x11\n\t"
			 "blr x10\n\t"
			 "mov x8, #93\n\t" // exit
			 "svc #0\n\t"
			 "brk #1\n"
			 "1:"
			 : "+r"(result)
			 : "r"(number), "r"(arg2), "r"(function), "r"(data)
			 : "memory", "cc");
	return result;
#else
#error "clone3_call is written for x86_64 and aarch64"
#endif
}
