/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * disk.h - the two steps that every file needs which is written beside and renamed:
 *
 *	r = disk_write_all(fd, buf, n);        then fsync(fd), close(fd), rename(beside, path)
 *	r = disk_sync_folder(path);
 *
 * 0 or a negative errno. Threads: any.
 */
#ifndef DISK_H
#define DISK_H

#include <stddef.h>

/* All n bytes, however many at a time the system takes. */
int disk_write_all(int fd, const void *buf, size_t n);

/*
 * The new name of a file must be on the disk too, not only its content. Folders of some network file
 * systems cannot be synced (EINVAL): nothing to be done about it.
 */
int disk_sync_folder(const char *path);

#endif
