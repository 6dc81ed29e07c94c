/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mock_ioctl.c - ioctl() of the test program, exported so that it comes before the C library's for
 * unmodified libusb and libserialport, too:
 *	- the modem lines that libserialport asks for and a pseudo-terminal does not have,
 *	- usbfs, on the nodes of mock_usb.c.
 * All else goes to the kernel.
 */
#include "mock_ioctl.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

mock_usbfs *mock_ioctl_usbfs;

static int lines = TIOCM_CTS | TIOCM_DSR | TIOCM_CAR;

static int modem_lines(unsigned long request, int *arg)
{
	switch (request) {
	case TIOCMGET:
		*arg = lines;
		return 0;
	case TIOCMSET:
		lines = *arg;
		return 0;
	case TIOCMBIS:
		lines |= *arg;
		return 0;
	case TIOCMBIC:
		lines &= ~*arg;
		return 0;
	}
	errno = ENOTTY;
	return -1;
}

int mock_ioctl_kernel(int fd, unsigned long request, void *arg)
{
	return (int)syscall(SYS_ioctl, fd, request, arg);
}

__attribute__((visibility("default"))) int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;
	int r;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (_IOC_TYPE(request) == 'U' && mock_ioctl_usbfs && mock_ioctl_usbfs(fd, request, arg, &r))
		return r;
	r = mock_ioctl_kernel(fd, request, arg);
	if (r == 0 || (errno != ENOTTY && errno != EINVAL) || !isatty(fd))
		return r;
	return modem_lines(request, arg);
}
