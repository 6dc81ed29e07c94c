/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_memory.c - what happens when memory runs out: each allocation of the trainer's own code fails
 * once, alone and with all after it. (The linker's --wrap; libraries' own allocations are theirs.)
 * Every failure must come back as an error with a message; ASan sees to leaks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "config.h"
#include "data_get.h"
#include "fault.h"
#include "runlog.h"
#include "store.h"
#include "task.h"
#include "trainer_test.h"

static int load_config(struct snn_error *e)
{
	const struct snn_assignment set[] = { { "task", "jsb" }, { "rule", "ostl" } };
	struct snn_config c;

	return snn_config_load(&c, "run.yaml", set, 2, e);
}

static void configuration_without_memory_is_an_error(void **state)
{
	(void)state;
	write_text("run.yaml", "seed: 3\nnetwork:\n  hidden: [100, 50]\n  decay: 0.5\nuri: 'a'\n");
	fault_exhaust(load_config);
}

static int write_store(struct snn_error *e)
{
	static const float large[20000];
	struct snn_store *st;
	int r = snn_store_new(&st);

	if (r < 0)
		return snn_fail(e, r, "no memory");
	snn_store_put(st, "/a/b/c", SNN_F32, 1, (const size_t[]){ 20000 }, large);
	snn_store_put(st, "/a/d", SNN_F32, 1, (const size_t[]){ 20 }, large);
	snn_store_put_text(st, "/", "rule", "osttp");
	r = snn_store_write(st, "a.h5", e);
	snn_store_free(st);
	return r;
}

static int read_store(struct snn_error *e)
{
	struct snn_store *st;
	float buf[20];
	char text[16];
	int r = snn_store_open(&st, "a.h5", e);

	if (r < 0)
		return r;
	r = snn_store_load(st, "/a/d", SNN_F32, 1, (const size_t[]){ 20 }, buf, e);
	if (r == 0)
		r = snn_store_load_text(st, "/", "rule", text, sizeof(text), e);
	snn_store_free(st);
	return r;
}

static void store_without_memory_is_an_error(void **state)
{
	struct snn_error e = { "" };

	(void)state;
	/*
	 * HDF5 1.10.8 does not survive a failing realloc() of its memory file: closing it leaves a
	 * dead identifier behind, and exit() complains about an infinite loop.
	 */
	fault_spares_realloc = true;
	fault_exhaust(write_store);
	assert_int_equal(n_entries(), 1);
	assert_int_equal(read_store(&e), 0);
	fault_exhaust(read_store);
	fault_spares_realloc = false;
}

static int load_chorale(struct snn_error *e)
{
	struct snn_dataset d;
	int r = task_load(&snn_task_chorale, &d, 1, NULL, e);

	if (r == 0)
		snn_dataset_done(&d);
	return r;
}

static int load_jsb(struct snn_error *e)
{
	struct snn_dataset d;
	int r = task_load(&snn_task_jsb, &d, 1, "a.json", e);

	if (r == 0)
		snn_dataset_done(&d);
	return r;
}

static void task_without_memory_is_an_error(void **state)
{
	(void)state;
	write_text("a.json",
		"{\"train\": [[[60], [61]]], \"valid\": [[[60], []]], \"test\": [[[60], [61]]]}");
	fault_exhaust(load_jsb);
	fault_exhaust(load_chorale);
}

static int keep_run(struct snn_error *e)
{
	const struct snn_epoch row = { .epoch = 1 };
	struct snn_runlog *l;
	struct snn_config c;
	int r;

	snn_config_default(&c);
	unlink("run/config.yaml");
	unlink("run/metrics.csv");
	r = snn_runlog_create(&l, "run", &c, e);
	if (r < 0)
		return r;
	r = snn_runlog_metrics(l, &row, 1, e);
	snn_runlog_close(l);
	return r;
}

static int open_run(struct snn_error *e)
{
	struct snn_runlog *l;
	struct snn_config c;
	int r = snn_runlog_open(&l, "run", &c, e);

	if (r == 0)
		snn_runlog_close(l);
	return r;
}

static void run_folder_without_memory_is_an_error(void **state)
{
	(void)state;
	fault_exhaust(keep_run);
	fault_exhaust(open_run);
}

/* The wrong file, so that the way ends in an error with memory too; the message tells which. */
static int get_data(struct snn_error *e)
{
	char url[300], folder[256];
	int r;

	if (!getcwd(folder, sizeof(folder)))
		return -1;
	snprintf(url, sizeof(url), "file://%s/source", folder);
	r = snn_data_get("jsb", url, "new", e);
	return r == -EBADMSG && !fault_has_failed ? 0 : r;
}

static void download_without_memory_is_an_error(void **state)
{
	(void)state;
	write_text("source", "hello\n");
	fault_exhaust(get_data);
	assert_int_equal(chdir("new"), 0);
	assert_int_equal(n_entries(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(configuration_without_memory_is_an_error),
		scratch_test(store_without_memory_is_an_error),
		scratch_test(task_without_memory_is_an_error),
		scratch_test(run_folder_without_memory_is_an_error),
		scratch_test(download_without_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
