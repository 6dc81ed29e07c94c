/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * runlog.h - the run folder: config.yaml, device.txt, metrics.csv, checkpoint.h5, best.h5, lock.
 *
 * metrics.csv holds nothing of the wall clock, so that the same seed gives the same bytes; it is
 * rewritten whole and renamed at every epoch, so that a crash leaves it in step with a checkpoint.
 * An flock on `lock` keeps a second process out (-EBUSY, the message names its pid).
 */
#ifndef SNN_RUNLOG_H
#define SNN_RUNLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "config.h"
#include "error.h"

/* A row of metrics.csv. NAN (not evaluated, or not on chips) is an empty field. */
struct snn_epoch {
	uint32_t epoch;                        /* 1 .. */
	double rate;                           /* eta */
	double train_nll, valid_nll, test_nll; /* nats per predicted step */
	double activity; /* mean of y over hidden neurons and training steps */
	uint64_t n_set, n_reset, n_read, n_sat, n_refresh; /* since the run began; 0 for float */
	double chip_time;                                  /* s */
	double energy;                                     /* J */
	/* Shares of sequences that are classified rightly; NAN: the task has no labels. */
	double train_accuracy, valid_accuracy, test_accuracy;
};

struct snn_runlog; /* an open, locked run folder */

/* A new folder: path NULL makes runs/TASK-RULE-WEIGHTS-sSEED-YYYYmmdd-HHMMSS. -EEXIST if it holds a run. */
int snn_runlog_create(
	struct snn_runlog **ret, const char *path, const struct snn_config *c, struct snn_error *e);
/* A new folder whose run did not begin: take away what create made, and close. */
void snn_runlog_discard(struct snn_runlog *l);
/* Write config.yaml anew, where a resumed run got more epochs. */
int snn_runlog_configure(struct snn_runlog *l, const struct snn_config *c, struct snn_error *e);
/* An existing one, to resume. *c is read from its config.yaml. */
int snn_runlog_open(
	struct snn_runlog **ret, const char *path, struct snn_config *c, struct snn_error *e);
/* The same to read only, also while another process trains: no lock, nothing may be written. */
int snn_runlog_look(
	struct snn_runlog **ret, const char *path, struct snn_config *c, struct snn_error *e);
void snn_runlog_close(struct snn_runlog *l);
const char *snn_runlog_path(const struct snn_runlog *l);
/* "FOLDER/name", borrowed until the next call. */
const char *snn_runlog_file(struct snn_runlog *l, const char *name);
/* Rows 1 .. n as metrics.csv, written beside, fsync, rename. */
int snn_runlog_metrics(
	struct snn_runlog *l, const struct snn_epoch *row, size_t n, struct snn_error *e);

/* Progress on stderr: a bar with rate and ETA on a terminal, otherwise one line an epoch. */
struct snn_progress;
int snn_progress_new(struct snn_progress **ret, uint32_t n_epoch, uint32_t n_seq, bool quiet);
void snn_progress_free(struct snn_progress *p);
void snn_progress_step(struct snn_progress *p, uint32_t epoch, uint32_t i_seq);
void snn_progress_epoch(struct snn_progress *p, const struct snn_epoch *row);

/* Write `n` bytes as file `path`: beside, fsync, rename, fsync of the folder. */
int snn_write_file(const char *path, const void *data, size_t n, struct snn_error *e);

#endif
