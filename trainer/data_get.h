/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data_get.h - `osttp data get NAME`: public data from where their authors keep them.
 */
#ifndef SNN_DATA_GET_H
#define SNN_DATA_GET_H

#include "error.h"

struct snn_data_source {
	const char *name;         /* "jsb"; rows of one name belong together */
	const char *file;         /* name in the folder */
	const char *url;          /* what ends in .gz is unpacked */
	const char *sha256, *md5; /* of the file in the folder, hexadecimal; one of them */
	const char *help;
};
extern const struct snn_data_source snn_data_sources[]; /* ends with name NULL */

/*
 * Download into folder (NULL or "": the user's data folder), which is made if needed. The file
 * appears under its name only when it is whole and its checksum is right; until then a file that
 * was there stays. url_override NULL: the known address, by https only; to one that ends in / the name
 * of the source's file is added, and data of several files need such a one.
 * Progress goes to stderr if that is a terminal.
 * -EINVAL unknown name (the message lists what exists), -EBADMSG wrong checksum, -EIO the transfer
 * failed (the message has libcurl's reason), and the system's reasons for the file.
 */
int snn_data_get(
	const char *name, const char *url_override, const char *folder, struct snn_error *e);

#endif
