/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_data_get.c - downloads, from file: and from a server in a child process. That the right file
 * is accepted is tested in test_jsb_data.c, which has it.
 */
#include "data_get.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "trainer_test.h"

#define FILE_NAME "jsb-chorales-quarter.json"

struct server {
	pid_t pid;
	char url[64];
};

/* Answer every request on 127.0.0.1 with these bytes, then close the connection. */
static void serve(int fd, const char *answer, size_t n)
{
	for (;;) {
		int c = accept(fd, NULL, NULL);
		char request[4096];

		if (c < 0)
			_exit(1);
		if (read(c, request, sizeof(request)) > 0) {
			while (n) {
				ssize_t r = write(c, answer, n);

				if (r <= 0)
					break;
				answer += r;
				n -= (size_t)r;
			}
		}
		close(c);
	}
}

static struct server server_start(const char *answer, size_t n)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	struct server s;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	snprintf(s.url, sizeof(s.url), "http://127.0.0.1:%d/file", ntohs(at.sin_port));
	s.pid = fork();
	assert_true(s.pid >= 0);
	if (s.pid == 0)
		serve(fd, answer, n);
	close(fd);
	return s;
}

static void server_stop(struct server *s)
{
	kill(s->pid, SIGKILL);
	assert_int_equal(waitpid(s->pid, NULL, 0), s->pid);
}

/* The answer must be refused, and a file that was there must stay. */
static void assert_answer_refused(const char *answer, int code, const char *part)
{
	struct server s = server_start(answer, strlen(answer));
	struct snn_error e = { "" };
	char *text;

	write_text(FILE_NAME, "what was there");
	assert_int_equal(snn_data_get("jsb", s.url, ".", &e), code);
	server_stop(&s);
	assert_contains(e.text, part);
	assert_int_equal(n_entries(), 1);
	text = read_bytes(FILE_NAME, NULL);
	assert_string_equal(text, "what was there");
	free(text);
}

static void wrong_checksum_leaves_what_was_there(void **state)
{
	(void)state;
	/* sha256sum of "hello\n". */
	assert_answer_refused("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", -EBADMSG,
		"6 bytes with sha256 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03, expected 2db9329f");
}

static void wrong_checksum_of_a_file_leaves_nothing(void **state)
{
	struct snn_error e = { "" };
	char url[300];

	(void)state;
	write_text("source", "hello\n");
	snprintf(url, sizeof(url), "file://%s/source", (const char *)*state);
	assert_int_equal(snn_data_get("jsb", url, "new/folder", &e), -EBADMSG);
	assert_int_equal(chdir("new/folder"), 0);
	assert_int_equal(n_entries(), 0);
}

static void connection_that_breaks_is_an_error(void **state)
{
	(void)state;
	assert_answer_refused(
		"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello\n", -EIO, "/file: ");
	assert_answer_refused("", -EIO, "/file: ");
	assert_answer_refused("HTTP/1.1 200", -EIO, "/file: ");
}

static void answers_that_are_not_the_file_are_errors(void **state)
{
	(void)state;
	assert_answer_refused(
		"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone", -EIO, "404");
	assert_answer_refused(
		"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
		-EIO, "file");
}

static void server_that_is_not_there_is_named_with_the_way_out(void **state)
{
	struct snn_error e = { "" };

	(void)state;
	/* Port 1 of this machine: nobody listens. */
	assert_int_equal(snn_data_get("jsb", "http://127.0.0.1:1/x", ".", &e), -EIO);
	assert_contains(e.text, "http://127.0.0.1:1/x: ");
	assert_contains(e.text, "--data");
	assert_int_equal(snn_data_get("jsb", "gopher://127.0.0.1/x", ".", &e), -EIO);
	assert_int_equal(n_entries(), 0);
}

static void unknown_name_lists_what_there_is(void **state)
{
	struct snn_error e = { "" };

	(void)state;
	assert_int_equal(snn_data_get("jbs", NULL, ".", &e), -EINVAL);
	assert_contains(e.text, "unknown data \"jbs\"; there is: jsb (Bach's chorales");
	assert_int_equal(n_entries(), 0);
}

static void full_disk_is_told_by_the_file_and_not_by_the_network(void **state)
{
	char answer[8192];
	size_t n = (size_t)snprintf(
		answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n");
	struct snn_error e = { "" };
	struct server s;
	int r;

	(void)state;
	memset(answer + n, 'x', 4000);
	s = server_start(answer, n + 4000);
	limit_file_size(1000);
	r = snn_data_get("jsb", s.url, ".", &e);
	limit_file_size(0);
	server_stop(&s);
	assert_int_equal(r, -EFBIG);
	assert_contains(e.text, "./" FILE_NAME " cannot be written: File too large");
	assert_int_equal(n_entries(), 0);
}

static void folder_that_cannot_be_made_is_named(void **state)
{
	struct snn_error e = { "" };

	(void)state;
	write_text("file", "");
	assert_int_equal(snn_data_get("jsb", "file:///nothing", "file/below", &e), -ENOTDIR);
	assert_contains(e.text, "file is a file, not a folder");
}

/* What gzip makes of "hello\n" (gzip -n), and that cut short or with another header. */
static void packed_files_are_unpacked_and_checked(void **state)
{
	static const unsigned char packed[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0x48,
		0xcd, 0xc9, 0xc9, 0xe7, 2, 0, 0x20, 0x30, 0x3a, 0x36, 6, 0, 0, 0 };
	struct snn_error e = { "" };
	char url[300];

	(void)state;
	snprintf(url, sizeof(url), "file://%s/", (const char *)*state);
	write_bytes("shd_train.h5.gz", packed, sizeof(packed));
	assert_int_equal(snn_data_get("shd", url, "to", &e), -EBADMSG);
	/* md5sum of "hello\n" */
	assert_contains(e.text,
		"6 bytes with md5 b1946ac92492d2347c6235b4d2611184, expected 8e9877c85f29a28dd353ea6a54402667");
	write_bytes("shd_train.h5.gz", packed, sizeof(packed) - 9);
	assert_int_equal(snn_data_get("shd", url, "to", &e), -EIO);
	assert_contains(e.text, "the end is missing");
	write_text("shd_train.h5.gz", "hello\n");
	assert_int_equal(snn_data_get("shd", url, "to", &e), -EBADMSG);
	assert_contains(e.text, "cannot be unpacked");
	url[strlen(url) - 1] = '\0';
	assert_int_equal(snn_data_get("shd", url, "to", &e), -EINVAL);
	assert_contains(e.text, "shd is several files");
	assert_int_equal(chdir("to"), 0);
	assert_int_equal(n_entries(), 0);
}

static void without_a_folder_the_users_own_is_used(void **state)
{
	struct snn_error e = { "" };
	struct stat st;

	(void)state;
	setenv("XDG_DATA_HOME", *state, 1);
	assert_int_equal(snn_data_get("jsb", "file:///nothing", NULL, &e), -EIO);
	assert_int_equal(stat("crossloop", &st), 0);
	assert_true(S_ISDIR(st.st_mode));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(wrong_checksum_leaves_what_was_there),
		scratch_test(wrong_checksum_of_a_file_leaves_nothing),
		scratch_test(connection_that_breaks_is_an_error),
		scratch_test(answers_that_are_not_the_file_are_errors),
		scratch_test(server_that_is_not_there_is_named_with_the_way_out),
		scratch_test(unknown_name_lists_what_there_is),
		scratch_test(full_disk_is_told_by_the_file_and_not_by_the_network),
		scratch_test(folder_that_cannot_be_made_is_named),
		scratch_test(packed_files_are_unpacked_and_checked),
		scratch_test(without_a_folder_the_users_own_is_used),
	};

	/* A proxy of the machine must not answer for 127.0.0.1. */
	setenv("no_proxy", "*", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
