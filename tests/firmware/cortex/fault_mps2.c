/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_mps2.c - a program that does what a program must not, on the start-up and the fault handler of
 * cortex-m/cpu.c. A key on the console says what: u an undefined instruction, r a read where nothing
 * is, x a jump to where nothing is executed, s a stack without end.
 */
#include "board.h"
#include "console.h"
#include "cpu.h"

#define NOWHERE 0x30000000u /* no memory of MPS2 (AN386 and AN500, section 3) */
#define DEVICES 0xa0000000u /* nothing is executed from there (ARMv7-M, B3.1) */

void undefined_instruction(void);
void read_from_nowhere(uint32_t at);
uint32_t stack_without_end(uint32_t n);

void board_irq_link(void)
{
}

void board_irq_chip(void)
{
}

__attribute__((naked)) void undefined_instruction(void)
{
	__asm volatile("udf #0");
}

/* Its first argument is in r0. */
__attribute__((naked)) void read_from_nowhere(uint32_t at __attribute__((unused)))
{
	__asm volatile("ldr r0, [r0]\n\tbx lr");
}

__attribute__((noinline)) uint32_t stack_without_end(uint32_t n)
{
	volatile uint32_t on_stack[16] = { n };

	return n == 0 ? 0 : stack_without_end(n - 1) + on_stack[n % 16];
}

static void misbehave(char key)
{
	if (key == 'u')
		undefined_instruction();
	else if (key == 'r')
		read_from_nowhere(NOWHERE);
	else if (key == 'x')
		((void (*)(void))(uintptr_t)(DEVICES | 1))();
	else if (key == 's')
		stack_without_end(UINT32_MAX);
}

_Noreturn void board_run(void)
{
	console_open();
	cpu_tick_init(BOARD_HZ);
	console_put("ready\n");
	for (;;) {
		while (!(CPU_REG(BOARD_UART_CONSOLE + 4) & 2))
			cpu_sleep();
		misbehave((char)CPU_REG(BOARD_UART_CONSOLE));
	}
}
