/* SPDX-License-Identifier: Apache-2.0 */
#include "semihosting.h"

#include <string.h>

#define SYS_OPEN        0x01
#define SYS_WRITE       0x05
#define SYS_READ        0x06
#define SYS_GET_CMDLINE 0x15

#define MODE_RB 1
#define MODE_WB 5

#define N_LINE 512

static int32_t call(uint32_t what, const void *block)
{
	register uint32_t r0 __asm("r0") = what;
	register const void *r1 __asm("r1") = block;

	__asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
	return (int32_t)r0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\0';
}

int32_t semihosting_open(unsigned i, bool is_for_writing)
{
	static char line[N_LINE];
	uint32_t command[2] = { (uint32_t)(uintptr_t)line, sizeof(line) };
	uint32_t file[3] = { 0, is_for_writing ? MODE_WB : MODE_RB, 0 };
	const char *name = line;
	size_t n = 0;

	if (call(SYS_GET_CMDLINE, command) != 0)
		return -1;
	for (; i > 0; i--) {
		name = strchr(name, ' ');
		if (!name)
			return -1;
		name++;
	}
	while (!is_space(name[n]))
		n++;
	/* The name has to end in a zero; the line is fetched anew for the next one. */
	line[(size_t)(name - line) + n] = '\0';
	file[0] = (uint32_t)(uintptr_t)name;
	file[2] = n;
	return call(SYS_OPEN, file);
}

/* Both calls answer with the bytes not moved. */
size_t semihosting_read(int32_t handle, uint8_t *buf, size_t n)
{
	uint32_t block[3] = { (uint32_t)handle, (uint32_t)(uintptr_t)buf, n };
	int32_t n_left = call(SYS_READ, block);

	return n_left < 0 || (uint32_t)n_left > n ? 0 : n - (uint32_t)n_left;
}

void semihosting_write(int32_t handle, const uint8_t *buf, size_t n)
{
	while (n > 0) {
		uint32_t block[3] = { (uint32_t)handle, (uint32_t)(uintptr_t)buf, n };
		int32_t n_left = call(SYS_WRITE, block);

		if (n_left < 0 || (uint32_t)n_left >= n)
			return;
		buf += n - (uint32_t)n_left;
		n = (uint32_t)n_left;
	}
}
