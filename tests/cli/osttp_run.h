/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * osttp_run.h - the program osttp as a process, for its tests: what it prints, how it ends, and with
 * signals in between. Its path is the test's first argument.
 *
 *	struct ran r = osttp("train", "--task", "jsb", NULL);
 *	assert_int_equal(r.status, 0);
 *	ran_done(&r);
 */
#ifndef OSTTP_RUN_H
#define OSTTP_RUN_H

#include <sys/types.h>
#include "trainer_test.h"

struct ran {
	int status; /* exit status; 128 + signal if killed */
	char *out, *err;
};

/* The program's path; main() calls it first. */
void osttp_is(const char *exe);

/* Arguments end with NULL. */
struct ran osttp(const char *first, ...) __attribute__((sentinel));
/* With stdout to this file. */
struct ran osttp_to(const char *out, const char *first, ...) __attribute__((sentinel));
/* Files may have at most this many bytes, as on a full disk. */
struct ran osttp_limited(size_t bytes, const char *first, ...) __attribute__((sentinel));
void ran_done(struct ran *r);

/* Fails unless it ended with `status`, nothing on stdout, and stderr contains word. */
void assert_ended(struct ran r, int status, const char *word);

/* In the background; its stderr goes to the file "background.err". */
pid_t osttp_start(const char *first, ...) __attribute__((sentinel));
/* Exit status as in struct ran. */
int osttp_wait(pid_t pid);
/* Until the file exists or a minute has passed. */
void wait_for(const char *file);

/*
 * A network small enough for a test, trained on a handful of pieces, as YAML "small.yaml" and JSON
 * "pieces.json" in the working folder: osttp("train", SMALL, ...).
 */
void write_small(void);
#define SMALL "--config", "small.yaml", "--data", "pieces.json", "--task", "jsb"

#endif
