/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cpu.h - what the firmware uses of a Cortex-M core: sleep, a tick, interrupt lines (ARMv7-M
 * Architecture Reference Manual, B3.2 to B3.4), and how deep the stack has been.
 */
#ifndef CPU_H
#define CPU_H

#include <stdbool.h>
#include <stdint.h>

#define CPU_REG(at) (*(volatile uint32_t *)(uintptr_t)(at))

#define CPU_T_TICK 10u /* ms */

/* To sleep without missing what an interrupt says: mask, look, sleep, unmask. */
static inline void cpu_mask(void)
{
	__asm volatile("cpsid i" ::: "memory");
}

static inline void cpu_unmask(void)
{
	__asm volatile("cpsie i" ::: "memory");
}

/* Until an interrupt is pending, masked or not. */
static inline void cpu_sleep(void)
{
	__asm volatile("dsb\n\twfi" ::: "memory");
}

/* Where everything begins: the vectors say so, and mps2.ld. */
_Noreturn void cpu_reset(void);

/* Start the tick; hz: of the processor's clock. */
void cpu_tick_init(uint32_t hz);

/*
 * ms since then, in ticks. Counts the ticks that were served: a processor that was held up (by a
 * debugger, by a busy emulator) takes the time as not passed, and drops no frame for it.
 */
uint32_t cpu_now(void);

/* Interrupt line n goes through. */
void cpu_irq_enable(uint32_t n);

/* Bytes of stack there are, and how many of them have ever been in use. */
uint32_t cpu_stack_size(void);
uint32_t cpu_stack_used(void);

#endif
