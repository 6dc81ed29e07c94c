/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_board_memory.c - each allocation of a board over the emulator fails once (the linker's
 * --wrap): making it, saving, loading. The host is told CMD_E_MEMORY, and the board goes on as it was.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "board_emu.h"
#include "fw_rig.h"

#define N_MAX 200 /* allocations of one call: many more than there are */

static unsigned long countdown; /* allocations until one fails; 0: none will */

static bool fails(void)
{
	return countdown && --countdown == 0;
}

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_aligned_alloc(size_t align, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
	return fails() ? NULL : __real_aligned_alloc(align, n);
}

static struct rig rig;
static struct board_emu *board;
static uint8_t payload[WIRE_N_FRAME_MAX];
static uint32_t seq;

static void make_board(void)
{
	struct board_emu_config config;

	assert_int_equal(board_emu_config_parse(&config, (const char *[]){ "seed=7" }, 1), 0);
	assert_int_equal(board_emu_new(&board, &config), 0);
	rig_init(&rig, WIRE_STREAM);
	board_emu_describe(board, &rig.config);
	rig.config.n_frame = WIRE_N_FRAME_MAX;
	rig_begin(&rig);
	seq = 0;
}

static uint16_t ask(uint16_t op, const struct wire_writer *w, struct wire_reader *ret)
{
	return rig_ask(&rig, op, ++seq, w ? w->buf : NULL, w ? w->n : 0, ret).error;
}

static void making_a_board_is_enomem(void **state)
{
	struct board_emu_config config;
	unsigned long k;
	int r = -ENOMEM;

	(void)state;
	assert_int_equal(board_emu_config_parse(&config, NULL, 0), 0);
	for (k = 1; k < N_MAX && r == -ENOMEM; k++) {
		board = NULL;
		countdown = k;
		r = board_emu_new(&board, &config);
		countdown = 0;
		assert_true(r == 0 || !board);
	}
	assert_int_equal(r, 0);
	assert_true(k > 3);
	board_emu_free(board);
}

/* The copy of the state, in parts; its checksum and length. */
static uint8_t *save(size_t *ret_n)
{
	struct wire_reader r;
	uint8_t *buf;
	uint64_t n;

	assert_int_equal(ask(CMD_SAVE, NULL, &r), CMD_OK);
	assert_true(cmd_take_size(&r, &n));
	buf = malloc((size_t)n);
	assert_non_null(buf);
	for (uint64_t at = 0; at < n;) {
		struct wire_writer w = { .buf = payload, .size = sizeof(payload) };
		struct cmd_part part;

		cmd_put_part(&w, &(struct cmd_part){ at, UINT16_MAX, NULL });
		assert_int_equal(ask(CMD_SAVE_PART, &w, &r), CMD_OK);
		assert_true(cmd_take_part(&r, true, &part) && part.n > 0);
		memcpy(buf + at, part.data, part.n);
		at += part.n;
	}
	*ret_n = (size_t)n;
	return buf;
}

static uint16_t load(const uint8_t *buf, size_t n)
{
	struct wire_writer w = { .buf = payload, .size = sizeof(payload) };
	uint16_t error;

	cmd_put_size(&w, n);
	error = ask(CMD_LOAD, &w, NULL);
	for (size_t at = 0; at < n && !error;) {
		size_t k = n - at < 16000 ? n - at : 16000;

		w.n = 0;
		cmd_put_part(&w, &(struct cmd_part){ at, (uint16_t)k, buf + at });
		error = ask(CMD_LOAD_PART, &w, NULL);
		at += k;
	}
	return error ? error : ask(CMD_LOAD_DONE, NULL, NULL);
}

static void pulse_once(void)
{
	struct cmd_pulse_writer list = { .w = { .buf = payload, .size = 100 } };

	assert_true(cmd_pulse_put(&list, &(struct cmd_pulse){ .row = 1, .n = 3 }));
	assert_int_equal(ask(CMD_PULSE_LIST, &list.w, NULL), CMD_OK);
}

static void saving_without_memory_is_told_and_tried_again(void **state)
{
	struct wire_writer w = { .buf = payload, .size = sizeof(payload) };
	size_t n;

	(void)state;
	make_board();
	free(save(&n));
	countdown = 1;
	assert_int_equal(ask(CMD_SAVE, NULL, NULL), CMD_E_MEMORY);
	countdown = 0;
	cmd_put_part(&w, &(struct cmd_part){ 0, 1, NULL });
	assert_int_equal(ask(CMD_SAVE_PART, &w, NULL), CMD_E_ORDER);
	free(save(&n));
	board_emu_free(board);
}

static void loading_without_memory_leaves_the_board_as_it_was(void **state)
{
	size_t n_old, n_new, n;
	uint8_t *old, *new, *now;
	uint16_t error = CMD_E_MEMORY;
	unsigned long k;

	(void)state;
	make_board();
	old = save(&n_old);
	pulse_once();
	new = save(&n_new);
	for (k = 1; k < N_MAX && error == CMD_E_MEMORY; k++) {
		countdown = k;
		error = load(old, n_old);
		countdown = 0;
		now = save(&n);
		assert_int_equal(n, n_new);
		assert_memory_equal(now, error ? new : old, n);
		free(now);
	}
	assert_int_equal(error, CMD_OK);
	assert_true(k > 4);
	free(old);
	free(new);
	board_emu_free(board);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(making_a_board_is_enomem),
		cmocka_unit_test(saving_without_memory_is_told_and_tried_again),
		cmocka_unit_test(loading_without_memory_leaves_the_board_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
