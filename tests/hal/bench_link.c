/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_link.c - what a link costs: one product of 256 x 256 over emu: and over loop:, and training
 * steps of two chips (one xbar_mvm() call of two requests, 88 spikes to 150 columns each) over
 * every kind of link that can run in this process. Under umockdev-wrapper: usb:, too, unmodified
 * libusb to firmware in this process. CPU time, least of N_TURN turns; steps by the clock on the
 * wall.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "xbar.h"
#ifdef WITH_USB
#include "board_usb.h"
#endif

#define N_TURN 9
#define N_CALL 3000

static int16_t out[2][256];
static uint8_t bits[32];

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct xbar_mvm request(uint32_t chip, uint32_t n_row, uint32_t n_col)
{
	return (struct xbar_mvm){ .chip = chip,
		.n_row = n_row,
		.n_col = n_col,
		.n_vec = 1,
		.input = XBAR_INPUT_BIT,
		.in = bits,
		.out = out[chip] };
}

/* Seconds a call; negative on failure. */
static double turn(struct xbar *x, struct xbar_mvm *req, size_t n_req, clockid_t clock)
{
	double start = now(clock);

	for (int i = 0; i < N_CALL; i++) {
		if (xbar_mvm(x, req, n_req) < 0)
			return -1.0;
	}
	return (now(clock) - start) / N_CALL;
}

static int compare(struct xbar *emu, struct xbar *loop)
{
	struct xbar_mvm req = request(0, 256, 256);
	double a = 1.0, b = 1.0;

	for (int i = 0; i < N_TURN; i++) {
		double x = turn(emu, &req, 1, CLOCK_PROCESS_CPUTIME_ID);
		double y = turn(loop, &req, 1, CLOCK_PROCESS_CPUTIME_ID);

		if (x < 0.0 || y < 0.0)
			return 1;
		a = x < a ? x : a;
		b = y < b ? y : b;
	}
	printf("mvm 256 x 256, 8 spikes: emu: %.2f us, loop: %.2f us, difference %.2f us\n",
		a * 1e6, b * 1e6, (b - a) * 1e6);
	return 0;
}

static int steps(const char *what, struct xbar *x)
{
	struct xbar_mvm req[2] = { request(0, 88, 150), request(1, 88, 150) };
	struct xbar_stats before, after;
	double best = 1.0;

	xbar_stats(x, &before);
	for (int i = 0; i < N_TURN; i++) {
		double t = turn(x, req, 2, CLOCK_MONOTONIC);

		if (t < 0.0)
			return 1;
		best = t < best ? t : best;
	}
	xbar_stats(x, &after);
	printf("steps of two chips, %-6s %6.1f k/s, %.0f bytes out, %.0f in, %.2f round trips a "
	       "step\n",
		what, 1e-3 / best,
		(double)(after.n_byte_out - before.n_byte_out) / (N_TURN * N_CALL),
		(double)(after.n_byte_in - before.n_byte_in) / (N_TURN * N_CALL),
		(double)(after.n_round_trip - before.n_round_trip) / (N_TURN * N_CALL));
	return 0;
}

int main(void)
{
	struct xbar *emu, *loop;
	int r;

	for (int i = 0; i < 8; i++)
		bits[i] = 4;
	if (xbar_open(&emu, "emu:?chips=2", NULL) < 0 ||
		xbar_open(&loop, "loop:?chips=2", NULL) < 0)
		return 1;
	r = compare(emu, loop);
	r |= steps("emu:", emu);
	r |= steps("loop:", loop);
#ifdef WITH_USB
	struct board_usb *board = board_usb_new("A1", (const char *[]){ "chips=2" }, 1);
	struct xbar *usb;

	if (xbar_open(&usb, "usb:", NULL) < 0)
		return 1;
	r |= steps("usb:", usb);
	xbar_close(usb);
	board_usb_free(board);
#endif
	xbar_close(emu);
	xbar_close(loop);
	return r;
}
