/* SPDX-License-Identifier: Apache-2.0 */
/* crc32c_plain.c - wire_crc32c() where the processor has nothing better than a table. */
#include "wire.h"

uint32_t wire_crc32c(uint32_t crc, const void *buf, size_t n)
{
	return wire_crc32c_table(crc, buf, n);
}
