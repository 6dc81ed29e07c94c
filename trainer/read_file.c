/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Fill buf up to n bytes; the count, which is less only at the file's end. */
static ssize_t read_all(int fd, char *buf, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = read(fd, buf + done, n - done);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			break;
		done += (size_t)r;
	}
	return (ssize_t)done;
}

static int checked_size(int fd, const char *path, size_t max, size_t *ret, struct snn_error *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return snn_fail(e, -errno, "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return snn_fail(e, -EISDIR, "%s is a folder, a file is needed", path);
	if (!S_ISREG(st.st_mode))
		return snn_fail(e, -EINVAL, "%s is not a regular file", path);
	if ((uint64_t)st.st_size > max)
		return snn_fail(e, -EFBIG, "%s has %jd bytes, more than the %zu that are accepted",
			path, (intmax_t)st.st_size, max);
	*ret = (size_t)st.st_size;
	return 0;
}

int snn_read_file(char **ret, size_t *ret_n, const char *path, size_t max, struct snn_error *e)
{
	/* O_NONBLOCK: opening a pipe must not wait for a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *buf = NULL;
	ssize_t got;
	size_t n = 0;
	int r;

	if (fd < 0)
		return snn_fail(e, -errno, "%s: %s", path, strerror(errno));
	r = checked_size(fd, path, max, &n, e);
	if (r < 0)
		goto out;
	buf = malloc(n + 1);
	if (!buf) {
		r = snn_fail(e, -ENOMEM, "%s: no memory for %zu bytes", path, n);
		goto out;
	}
	got = read_all(fd, buf, n);
	if (got < 0) {
		r = snn_fail(e, (int)got, "%s: %s", path, strerror((int)-got));
		goto out;
	}
	buf[got] = '\0';
	*ret = buf;
	*ret_n = (size_t)got;
	buf = NULL;
out:
	free(buf);
	close(fd);
	return r;
}
