/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_slurm.h - points of a study as a job array of Slurm, and the collecting of the table as a job
 * that waits for it. Scheduling, limits and dead nodes are Slurm's business.
 *
 * A task of the array is `osttp study run STUDY --share K/N`. Slurm may requeue it: what it had
 * finished is skipped, what it had begun goes on from its checkpoint, and the lock of a run folder
 * keeps a task and its forerunner apart. All nodes must see the study's folder, this program and the
 * data under the same paths.
 */
#ifndef SNN_STUDY_SLURM_H
#define SNN_STUDY_SLURM_H

#include "study_folder.h"

#define SNN_STUDY_MAX_TASK 1000 /* Slurm's usual MaxArraySize is 1001 */

struct snn_study_slurm {
	const char *const *arg;  /* of sbatch, before ours; NULL-ended */
	unsigned long n_at_once; /* tasks at the same time, 0: Slurm's limits */
};

/* Point i is of share 1 + i % n_share. */
static inline uint32_t snn_study_share(size_t point, uint32_t n_share)
{
	return 1 + (uint32_t)(point % n_share);
}

/*
 * Submit what is not finished. 0 and the numbers of both jobs, 1 there is nothing to do; -ENOENT no
 * sbatch, -EREMOTEIO what sbatch said.
 */
int snn_study_slurm(const struct snn_study_folder *f, const struct snn_study_slurm *how,
	unsigned long *ret_array, unsigned long *ret_collect, struct snn_error *e);

#endif
