/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * target_file.h - wanted conductances as "xbar read --csv" writes them: row,col,device,g_S.
 */
#ifndef XBAR_TARGET_FILE_H
#define XBAR_TARGET_FILE_H

#include "xbar.h"

/*
 * The file lists all four devices of every cell of a rectangle, in any order, with or without the
 * header. *w: the rectangle (chip untouched); *ret_g [n_row][n_col][4] S, yours to free().
 * 0, or -1 after a complaint that names file and line.
 */
int target_file_read(
	const char *path, const struct xbar_info *info, struct xbar_patch *w, float **ret_g);

#endif
