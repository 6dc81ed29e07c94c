/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNN_VERSION_H
#define SNN_VERSION_H

extern const char snn_version[];  /* "0.1.0" */
extern const char snn_revision[]; /* git describe, or the version where there is no git */

#endif
