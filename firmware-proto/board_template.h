/* SPDX-License-Identifier: Apache-2.0 */
/* board_template.h - what board_template.c leaves to the microcontroller. */
#ifndef BOARD_TEMPLATE_H
#define BOARD_TEMPLATE_H

#include <stdint.h>

void board_uart_write(uint8_t byte);
uint32_t board_milliseconds(void);
uint64_t board_boot_id(void);
void board_sleep(void);

void board_on_byte(uint8_t byte);
void board_main(void); /* returns only if the numbers at its top do not fit together */

#endif
