/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mock_ioctl.h - the exported ioctl() of mock_ioctl.c. Link with --export-dynamic-symbol=ioctl. */
#ifndef MOCK_IOCTL_H
#define MOCK_IOCTL_H

#include <stdbool.h>

/* false: not a node of ours; else *ret and errno are the answer. */
typedef bool mock_usbfs(int fd, unsigned long request, void *arg, int *ret);

extern mock_usbfs *mock_ioctl_usbfs;

int mock_ioctl_kernel(int fd, unsigned long request, void *arg);

#endif
