/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_progress.c - what is said on stderr, to a file and to a terminal.
 */
#include <fcntl.h>
#include <math.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "runlog.h"
#include "trainer_test.h"

static const struct snn_epoch epoch_1 = {
	.epoch = 1,
	.train_nll = 9.5,
	.valid_nll = NAN,
	.test_nll = NAN,
	.activity = NAN,
	.chip_time = NAN,
	.energy = NAN,
	.train_accuracy = NAN,
	.valid_accuracy = NAN,
	.test_accuracy = NAN,
};
static const struct snn_epoch epoch_2 = {
	.epoch = 2,
	.train_nll = 9,
	.valid_nll = 8.75,
	.test_nll = 8.5,
	.activity = 0.125,
	.n_set = 1000,
	.n_reset = 7,
	.n_refresh = 3,
	.chip_time = 0.0123456,
	.energy = 999.9e-9,
	.train_accuracy = 0.75,
	.valid_accuracy = 0.5,
	.test_accuracy = 0.25,
};

/* Two epochs of three sequences, with stderr replaced by fd. */
static void talk(int fd, bool quiet)
{
	struct snn_progress *p = NULL;
	int saved = dup(STDERR_FILENO);
	int r;

	fflush(stderr);
	dup2(fd, STDERR_FILENO);
	r = snn_progress_new(&p, 2, 3, quiet);
	if (r == 0) {
		for (uint32_t epoch = 1; epoch <= 2; epoch++) {
			for (uint32_t i = 0; i < 3; i++)
				snn_progress_step(p, epoch, i);
			snn_progress_epoch(p, epoch == 1 ? &epoch_1 : &epoch_2);
		}
		snn_progress_step(p, 2, 3);
		snn_progress_free(p);
	}
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_int_equal(r, 0);
}

static char *said_to_a_file(bool quiet)
{
	int fd = open("said", O_RDWR | O_CREAT | O_TRUNC, 0666);

	assert_true(fd >= 0);
	talk(fd, quiet);
	close(fd);
	return read_bytes("said", NULL);
}

static void file_gets_one_plain_line_an_epoch(void **state)
{
	char *text = said_to_a_file(false);

	(void)state;
	assert_string_equal(text,
		"epoch 1/2  train 9.5000\n"
		"epoch 2/2  train 9.0000  valid 8.7500  test 8.5000  right 75.0 / 50.0 / 25.0 %  active 12.5 %"
		"  pulses 1000 SET 7 RESET  refreshed 3  chip 12.3 ms  1 uJ\n");
	free(text);
}

static void quiet_says_nothing(void **state)
{
	char *text = said_to_a_file(true);

	(void)state;
	assert_string_equal(text, "");
	free(text);
}

/* The bar is drawn over itself and wiped: what stays on the terminal are the lines. */
static void terminal_gets_a_bar_that_is_wiped(void **state)
{
	int host, terminal;
	char text[8192];
	size_t n = 0;

	(void)state;
	if (openpty(&host, &terminal, NULL, NULL, NULL) < 0)
		skip();
	talk(terminal, false);
	close(terminal);
	/* Until the other end's hang-up is told (EIO), all that was written comes. */
	for (ssize_t r; (r = read(host, text + n, sizeof(text) - 1 - n)) > 0;)
		n += (size_t)r;
	text[n] = '\0';
	close(host);
	assert_contains(text, "epoch 1/2 [..............................]   0 %");
	assert_contains(text, "\r\033[Kepoch 1/2  train 9.5000");
	/* The last thing is the wiping of the last bar. */
	assert_true(n > 4);
	assert_string_equal(text + n - 4, "\r\033[K");
}

static void nothing_to_do_is_no_division_by_zero(void **state)
{
	struct snn_progress *p = NULL;

	(void)state;
	assert_int_equal(snn_progress_new(&p, 0, 0, false), 0);
	snn_progress_step(p, 0, 0);
	snn_progress_step(p, 1, 0);
	snn_progress_free(p);
	snn_progress_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(file_gets_one_plain_line_an_epoch),
		scratch_test(quiet_says_nothing),
		scratch_test(terminal_gets_a_bar_that_is_wiped),
		cmocka_unit_test(nothing_to_do_is_no_division_by_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
