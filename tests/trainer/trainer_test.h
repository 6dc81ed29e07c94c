/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trainer_test.h - what the tests of the trainer share: cmocka with what it needs before it, and a
 * folder of its own for each test.
 */
#ifndef TRAINER_TEST_H
#define TRAINER_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "task.h"

/*
 * cmocka fixtures: the test runs in an empty folder, which is removed afterwards with all that is
 * in it. *state is the folder's absolute path.
 */
int scratch_setup(void **state);
int scratch_teardown(void **state);
#define scratch_test(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

void write_text(const char *file, const char *text);
void write_bytes(const char *file, const void *data, size_t n);
/* The whole file with a zero byte behind it; yours to free(). ret_n may be NULL. */
char *read_bytes(const char *file, size_t *ret_n);
/* Entries of the working folder but . and .. */
size_t n_entries(void);

/* Files may have at most `bytes` bytes from here on, as on a full disk (but EFBIG); 0: no limit. */
void limit_file_size(size_t bytes);

/* A task's data with default settings but for these; data may be NULL. */
int task_load(const struct snn_task *t, struct snn_dataset *ret, uint64_t seed, const char *data,
	struct snn_error *e);

/* Fails, showing both, unless text contains part. */
void assert_contains(const char *text, const char *part);

#endif
