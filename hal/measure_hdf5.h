/* SPDX-License-Identifier: GPL-3.0-or-later */
/* measure_hdf5.h - what the files that implement measure.h share. */
#ifndef XBAR_MEASURE_HDF5_H
#define XBAR_MEASURE_HDF5_H

#include <hdf5.h>
#include "measure.h"

struct xbar_measure {
	hid_t file;
	char *path; /* NULL: in memory only */
	struct xbar_message *msg;
};

/* HDF5 prints complaints by itself unless told otherwise. */
struct xbar_quiet {
	H5E_auto2_t func;
	void *data;
};

struct xbar_quiet xbar_quiet_begin(void);
void xbar_quiet_end(struct xbar_quiet q);

/* "FILE: what: why"; returns r. */
int xbar_measure_fail(const struct xbar_measure *m, int r, const char *what, const char *why);

#endif
