/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * planted_faults.c [N_BOARD] - emulated boards with random faults of every kind, of which
 * xbar_health_measure(), which sees xbar.h alone, must find 99 % with less than 0.1 % false alarms.
 * The faults are those that the URI asked for; nothing else about the chips is known here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "health.h"

#define N_LINE  2 /* of each kind of broken line of a board */
#define N_STUCK 4 /* devices of each kind */
#define N_SIDE  256

enum kind { STUCK_RESET, STUCK_SET, DEAD_ROW, DEAD_COL, SWAPPED, NOISY, MISSING, N_KIND };
static const char *const names[] = { "stuck at RESET", "stuck at SET", "dead row", "dead column",
	"swapped column", "noisy column", "missing code" };

struct score {
	unsigned planted, found, false_alarm, tested;
};

static struct score scores[N_KIND];
static uint64_t state = 1;
static unsigned n_board = 2;

/* SplitMix64 (Steele, Lea, Flood, 2014): below n. */
static unsigned below(unsigned n)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (unsigned)((z ^ z >> 31) % n);
}

struct faults {
	bool dead_row[N_SIDE], dead_col[N_SIDE], swapped[N_SIDE], noisy[N_SIDE];
	int code[N_SIDE]; /* XBAR_NO_CODE: none */
	uint8_t *device;  /* [256][256][4] */
	char list[256];
	size_t n_list;
};

static void append(struct faults *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void append(struct faults *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (f->n_list)
		f->list[f->n_list++] = ',';
	f->n_list += (size_t)vsnprintf(f->list + f->n_list, sizeof(f->list) - f->n_list, fmt, ap);
	va_end(ap);
	assert_true(f->n_list < sizeof(f->list));
}

/* Broken columns are broken in one way, so that each way is seen for itself. */
static unsigned whole_column(const struct faults *f)
{
	unsigned j;

	do {
		j = below(N_SIDE);
	} while (f->dead_col[j] || f->swapped[j] || f->noisy[j] || f->code[j] != XBAR_NO_CODE);
	return j;
}

static void plant_lines(struct faults *f)
{
	for (int i = 0; i < N_LINE; i++) {
		unsigned row = below(N_SIDE), j;
		int code = (int)below(65) - 32;

		f->dead_row[row] = true;
		append(f, "row:%u", row);
		j = whole_column(f);
		f->dead_col[j] = true;
		append(f, "col:%u", j);
		j = whole_column(f);
		f->swapped[j] = true;
		append(f, "swap:%u", j);
		j = whole_column(f);
		f->noisy[j] = true;
		append(f, "noisy:%u", j);
		j = whole_column(f);
		f->code[j] = code;
		append(f, "code:%u:%d", j, code);
	}
}

/* On lines that live: of the others nothing can be seen. The first ones on broken columns. */
static void plant_devices(struct faults *f, enum xbar_device_fault fault, const char *name)
{
	for (int k = 0; k < N_STUCK; k++) {
		unsigned row, col, d = below(4);

		do {
			row = below(N_SIDE);
			col = below(N_SIDE);
		} while (f->dead_row[row] || f->dead_col[col] || (k == 0 && !f->noisy[col]) ||
			(k == 1 && !f->swapped[col]) || f->device[(row * N_SIDE + col) * 4 + d]);
		f->device[(row * N_SIDE + col) * 4 + d] = (uint8_t)fault;
		append(f, "%s:%u:%u:%u", name, row, col, d);
	}
}

static void add(enum kind k, bool is_planted, bool is_found)
{
	scores[k].planted += is_planted;
	scores[k].found += is_planted && is_found;
	scores[k].tested += !is_planted;
	scores[k].false_alarm += !is_planted && is_found;
}

static void compare(const struct faults *f, const struct xbar_health *h)
{
	for (unsigned i = 0; i < N_SIDE; i++)
		add(DEAD_ROW, f->dead_row[i], h->is_dead_row[i]);
	for (unsigned j = 0; j < N_SIDE; j++) {
		const struct xbar_column_health *c = &h->col[j];

		add(DEAD_COL, f->dead_col[j], c->is_dead);
		add(SWAPPED, f->swapped[j], c->is_swapped);
		add(NOISY, f->noisy[j], c->is_noisy);
		add(MISSING, f->code[j] != XBAR_NO_CODE,
			c->n_missing == 1 &&
				(f->code[j] == XBAR_NO_CODE || c->missing_code == f->code[j]));
	}
	for (size_t i = 0; i < N_SIDE * N_SIDE * 4; i++) {
		add(STUCK_RESET, f->device[i] == XBAR_DEVICE_STUCK_RESET,
			h->device[i] == XBAR_DEVICE_STUCK_RESET);
		add(STUCK_SET, f->device[i] == XBAR_DEVICE_STUCK_SET,
			h->device[i] == XBAR_DEVICE_STUCK_SET);
	}
}

static void one_board(unsigned i)
{
	struct xbar_health_options opt = XBAR_HEALTH_DEFAULT;
	struct faults f = { .device = calloc(N_SIDE * N_SIDE, 4) };
	struct xbar_message msg;
	struct xbar_lab lab = { .msg = &msg };
	struct xbar_health h;
	char uri[500];

	assert_non_null(f.device);
	for (unsigned j = 0; j < N_SIDE; j++)
		f.code[j] = XBAR_NO_CODE;
	plant_lines(&f);
	plant_devices(&f, XBAR_DEVICE_STUCK_RESET, "reset");
	plant_devices(&f, XBAR_DEVICE_STUCK_SET, "set");
	/* ADCs as after calibration (Khaddam-Aljameh 2022: 7.09 %), every board with its own noise. */
	snprintf(uri, sizeof(uri),
		"emu:?chips=1&seed=%u&adc_gain_sd=0.0709&adc_offset_sd=%ue-9&adc_noise_sd=%ue-9&"
		"drift_nu_sd=0.01&faults=%s",
		i, 100 + below(400), below(300), f.list);
	if (xbar_open(&lab.x, uri, NULL) < 0)
		fail_msg("%s", uri);
	if (xbar_health_measure(&h, &lab, 0, &opt) < 0)
		fail_msg("%s: %s", uri, msg.text);
	compare(&f, &h);
	xbar_health_done(&h);
	xbar_close(lab.x);
	free(f.device);
}

static void planted_faults_are_found_and_no_others(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < n_board; i++)
		one_board(i);
	printf("%-15s %8s %8s %12s %10s\n", "", "planted", "found", "false alarms", "of");
	for (int k = 0; k < N_KIND; k++)
		printf("%-15s %8u %8u %12u %10u\n", names[k], scores[k].planted, scores[k].found,
			scores[k].false_alarm, scores[k].tested);
	for (int k = 0; k < N_KIND; k++) {
		assert_true(scores[k].planted > 0);
		assert_true(scores[k].found >= 0.99 * scores[k].planted);
		assert_true(scores[k].false_alarm < 0.001 * scores[k].tested);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(planted_faults_are_found_and_no_others),
	};

	if (argc > 1)
		n_board = (unsigned)atoi(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
