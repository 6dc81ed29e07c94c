/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_wire.c - what a 256-value reply costs: encode with checksum, check, decode. CPU time, one
 * thread, best of 5.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cmd.h"
#include "wire.h"

#define N_VALUE 256
#define N_ROUND 200000

static double cpu_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint8_t frame[1024], packed[WIRE_N_COBS(1024)], buf[WIRE_N_DECODER(1024)];
static int16_t code[N_VALUE], back[N_VALUE];

/* Send and receive once; a frame's bytes. */
static size_t one_reply(struct wire_decoder *d, enum wire_link link, uint32_t adc_bits)
{
	struct wire_writer w = { .buf = frame + WIRE_N_HEAD,
		.size = sizeof(frame) - WIRE_N_OVERHEAD };
	struct wire_reader r;
	struct wire_frame f;
	struct cmd_result result = { .n_done = 1 };
	const uint8_t *in = frame;
	uint32_t n_sat;
	size_t n, n_in;

	cmd_put_result(&w, &result);
	cmd_put_mvm_reply(&w, adc_bits, 3, code, N_VALUE);
	n_in = n = wire_seal(frame,
		&(struct wire_frame){ .type = WIRE_RSP, .op = CMD_MVM_BATCH, .n_payload = w.n });
	if (link == WIRE_UART) {
		n_in = wire_pack(link, packed, sizeof(packed), frame, n);
		in = packed;
	}
	if (!wire_decode(d, &in, &n_in, &f))
		abort();
	r = (struct wire_reader){ .buf = f.payload, .size = f.n_payload };
	if (!cmd_take_result(&r, &result) ||
		!cmd_take_mvm_reply(&r, adc_bits, &n_sat, back, N_VALUE))
		abort();
	return n;
}

static double bench_reply(enum wire_link link, uint32_t adc_bits, size_t *ret_n)
{
	struct wire_decoder d;
	double best = 1;

	wire_decoder_init(&d, link, buf, 1024);
	for (int round = 0; round < 5; round++) {
		double t = cpu_time();

		for (int i = 0; i < N_ROUND; i++) {
			code[i % N_VALUE] = (int16_t)(i % 255 - 127);
			*ret_n = one_reply(&d, link, adc_bits);
		}
		t = (cpu_time() - t) / N_ROUND;
		best = t < best ? t : best;
	}
	if (memcmp(code, back, sizeof(code)))
		abort();
	return best;
}

static double bench_crc(uint32_t (*crc)(uint32_t, const void *, size_t))
{
	volatile uint32_t sum = 0;
	double t = cpu_time();

	for (int i = 0; i < N_ROUND; i++)
		sum = crc(sum, frame, 532);
	return (cpu_time() - t) / N_ROUND;
}

static void report(const char *what, double t, const char *more)
{
	printf("%-52s %8.3f us%s\n", what, t * 1e6, more);
}

int main(void)
{
	size_t n_8, n_16;
	double t_16 = bench_reply(WIRE_STREAM, 12, &n_16), t_8 = bench_reply(WIRE_STREAM, 8, &n_8);
	double t_uart = bench_reply(WIRE_UART, 12, &n_16);

	printf("256 codes: %zu bytes (adc_bits <= 8), %zu bytes (more)\n", n_8, n_16);
	report("stream: encode, CRC, decode, 2-byte codes", t_16, t_16 <= 1e-6 ? "" : "  (> 1 us)");
	report("stream: the same, 1-byte codes", t_8, "");
	report("UART: the same with COBS, 2-byte codes", t_uart, "");
	report("CRC-32C of 532 bytes: wire_crc32c", bench_crc(wire_crc32c), "");
	report("CRC-32C of 532 bytes: wire_crc32c_table", bench_crc(wire_crc32c_table), "");
	return 0;
}
