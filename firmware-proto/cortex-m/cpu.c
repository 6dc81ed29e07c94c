/* SPDX-License-Identifier: Apache-2.0 */
/* cpu.c - start-up, vectors, tick. Nothing here belongs to one board but the interrupt lines' names. */
#include "cpu.h"

#include <stddef.h>
#include "board.h"
#include "console.h"

#define CPACR 0xE000ED88
#define CFSR  0xE000ED28
#define ISER  0xE000E100
#define MPU   0xE000ED90
#define SYST  0xE000E010

#define CFSR_NOT_PUSHED 0x1010 /* MSTKERR, STKERR: no place for what an exception pushes */

#define STACK_PAINT 0xC5C5C5C5u

/* Of mps2.ld. */
extern uint32_t ld_data_from[], ld_data[], ld_data_end[], ld_bss[], ld_bss_end[];
extern uint32_t ld_guard[], ld_stack[], ld_stack_end[];

static volatile uint32_t n_tick;

void cpu_tick_init(uint32_t hz)
{
	CPU_REG(SYST + 4) = hz / 1000 * CPU_T_TICK - 1;
	CPU_REG(SYST + 8) = 0;
	CPU_REG(SYST) = 7; /* processor clock, interrupt, run */
}

uint32_t cpu_now(void)
{
	return n_tick * CPU_T_TICK;
}

void cpu_irq_enable(uint32_t n)
{
	CPU_REG(ISER + 4 * (n / 32)) = UINT32_C(1) << n % 32;
}

uint32_t cpu_stack_size(void)
{
	return (uint32_t)((uintptr_t)ld_stack_end - (uintptr_t)ld_stack);
}

uint32_t cpu_stack_used(void)
{
	const volatile uint32_t *p = ld_stack;

	while (p < ld_stack_end && *p == STACK_PAINT)
		p++;
	return (uint32_t)((uintptr_t)ld_stack_end - (uintptr_t)p);
}

static void tick(void)
{
	n_tick++;
}

/* Nothing can be trusted any more: say where, stop. frame: what the exception pushed. */
__attribute__((noreturn, used)) static void stop(const uint32_t *frame)
{
	uint32_t cfsr = CPU_REG(CFSR);

	cpu_mask();
	if ((cfsr & CFSR_NOT_PUSHED) || frame < ld_stack || ld_stack_end - frame < 8) {
		console_put("fault: the stack is full");
	} else {
		console_put("fault at ");
		console_put_hex(frame[6]);
		console_put(", called from ");
		console_put_hex(frame[5]);
	}
	console_put(", CFSR ");
	console_put_hex(cfsr);
	console_put("\n");
	for (;;)
		cpu_sleep();
}

/* On a stack that is empty again: the one before may be full. */
__attribute__((naked)) static void fault(void)
{
	__asm volatile("mrs r0, msp\n\tldr r1, =%c0\n\tmov sp, r1\n\tb %c1" ::"i"(ld_stack_end),
		"i"(stop));
}

/* Region 0 of the memory protection unit, if there is one: 1 KiB below the stack (B3.5). */
static void guard_stack(void)
{
	CPU_REG(MPU + 0x0c) = (uint32_t)(uintptr_t)ld_guard | 0x10; /* region 0 is there ... */
	CPU_REG(MPU + 0x10) = UINT32_C(1) << 28 | 9 << 1 | 1; /* nobody may; 2^(9 + 1) bytes; on */
	CPU_REG(MPU + 0x04) = 5; /* all else is as without it; on, but in the handler of faults */
}

/* Volatile: else the compiler calls memset and memcpy, which may lie anywhere by then. */
void cpu_reset(void)
{
	const volatile uint32_t *from = ld_data_from;

	/* Up to what this function itself may have there. */
	for (uintptr_t at = (uintptr_t)ld_stack; at < (uintptr_t)ld_stack_end - 64; at += 4)
		CPU_REG(at) = STACK_PAINT;
	for (volatile uint32_t *p = ld_data; p < ld_data_end; p++)
		*p = *from++;
	for (volatile uint32_t *p = ld_bss; p < ld_bss_end; p++)
		*p = 0;
	CPU_REG(CPACR) |= 0xfu << 20; /* the floating-point unit: CP10, CP11 */
	guard_stack();
	__asm volatile("dsb\n\tisb" ::: "memory");
	board_run();
}

/* What is not named here is not enabled. Memory, bus and usage faults come as the hard fault. */
__attribute__((section(".vectors"), used)) static const struct {
	uint32_t *stack;
	void (*core[15])(void);
	void (*irq[BOARD_N_IRQ])(void);
} vectors = {
	.stack = ld_stack_end,
	.core = { cpu_reset, fault, fault, [14] = tick }, /* reset, NMI, hard fault; SysTick */
	.irq = {
		[BOARD_IRQ_LINK] = board_irq_link,
		[BOARD_IRQ_LINK + 1] = board_irq_link,
		[BOARD_IRQ_CHIP] = board_irq_chip,
		[BOARD_IRQ_CHIP + 1] = board_irq_chip,
	},
};
