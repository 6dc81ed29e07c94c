/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board.h - the board: Arm MPS2 with the images AN386 (Cortex-M4) or AN500 (Cortex-M7), whose
 * peripherals are the same (Application Notes 386 and 500, sections 3 and 4). For another board
 * change this header, mps2.ld and, for another UART, cmsdk_uart.c.
 */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_HZ 25000000 /* of processor and peripherals */

/* Serial lines: to the host, to the chips' front end, to who debugs. */
#define BOARD_UART_LINK    0x40004000
#define BOARD_UART_CHIP    0x40005000
#define BOARD_UART_CONSOLE 0x40006000

/* Receive interrupts of the first two; transmit is one more. */
#define BOARD_IRQ_LINK 0
#define BOARD_IRQ_CHIP 2
#define BOARD_N_IRQ    32

/* The program, after start-up. */
_Noreturn void board_run(void);

void board_irq_link(void);
void board_irq_chip(void);

#endif
