/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "trainer_test.h"

#define SHAPE(...) ((const size_t[]){ __VA_ARGS__ })

static const float f32[6] = { 0, -0.0f, 1.0f / 3, 3.4028235e38f, 1e-45f, -2 };
static const double f64[2] = { 0.1, -1e308 };
static const uint8_t u8[4] = { 0, 1, 128, 255 };
static const uint32_t u32[2] = { 0, UINT32_MAX };
static const uint64_t u64[2] = { 1, UINT64_MAX };
static const int64_t i64[2] = { INT64_MIN, INT64_MAX };
static const double scalar = 2.5;

/* Larger than a compact header, so that it lies in a checked chunk. */
#define N_LARGE 5000

static uint32_t large[N_LARGE];

static struct snn_store *sample(void)
{
	struct snn_store *st;

	assert_int_equal(snn_store_new(&st), 0);
	for (uint32_t i = 0; i < N_LARGE; i++)
		large[i] = i * 2654435761u;
	snn_store_put(st, "/param/W", SNN_F32, 2, SHAPE(2, 3), f32);
	snn_store_put(st, "/param/deep/f64", SNN_F64, 1, SHAPE(2), f64);
	snn_store_put(st, "/u8", SNN_U8, 3, SHAPE(2, 1, 2), u8);
	snn_store_put(st, "/u32", SNN_U32, 1, SHAPE(2), u32);
	snn_store_put(st, "/u64", SNN_U64, 1, SHAPE(2), u64);
	snn_store_put(st, "/i64", SNN_I64, 1, SHAPE(2), i64);
	snn_store_put(st, "/scalar", SNN_F64, 0, NULL, &scalar);
	snn_store_put(st, "/none", SNN_F32, 2, SHAPE(0, 7), NULL);
	snn_store_put(st, "/large", SNN_U32, 2, SHAPE(N_LARGE / 100, 100), large);
	snn_store_put_text(st, "/", "rule", "osttp");
	snn_store_put_text(st, "/", "empty", "");
	snn_store_put_text(st, "/param/W", "unit", "\xc2\xb5S");
	snn_store_put_number(st, "/param", "decay", 0.1);
	return st;
}

static void write_sample(const char *file)
{
	struct snn_store *st = sample();
	struct snn_error e = { "" };

	if (snn_store_write(st, file, &e) < 0)
		fail_msg("%s", e.text);
	snn_store_free(st);
}

static struct snn_store *opened(const char *file)
{
	struct snn_store *st = NULL;
	struct snn_error e = { "" };

	if (snn_store_open(&st, file, &e) < 0)
		fail_msg("%s", e.text);
	return st;
}

static void assert_loads(struct snn_store *st, const char *path, enum snn_type type, int rank,
	const size_t *shape, const void *want, size_t n)
{
	char *got = malloc(n + 1);
	struct snn_error e = { "" };

	assert_non_null(got);
	memset(got, 0x5a, n + 1);
	if (snn_store_load(st, path, type, rank, shape, got, &e) < 0)
		fail_msg("%s", e.text);
	assert_memory_equal(got, want, n);
	assert_int_equal(got[n], 0x5a);
	free(got);
}

/* What a stranger would do to a file of theirs: append the checksum that reading asks for. */
static void seal(const char *file)
{
	struct sha256_ctx sha;
	uint8_t sum[SHA256_DIGEST_SIZE];
	size_t n;
	char *image = read_bytes(file, &n);
	FILE *f = fopen(file, "ab");

	assert_non_null(f);
	sha256_init(&sha);
	sha256_update(&sha, n, (const uint8_t *)image);
	sha256_update(&sha, 8, (const uint8_t *)"\r\nsha256");
	sha256_digest(&sha, sizeof(sum), sum);
	fputs("\r\nsha256", f);
	fwrite(sum, 1, sizeof(sum), f);
	assert_int_equal(fclose(f), 0);
	free(image);
}

static void what_was_put_is_loaded_bit_for_bit(void **state)
{
	struct snn_store *st;
	struct snn_error e = { "" };
	char text[16];
	double v = 0;
	size_t n = 0;

	(void)state;
	write_sample("a.h5");
	assert_int_equal(n_entries(), 1); /* nothing is left beside */
	st = opened("a.h5");
	assert_loads(st, "/param/W", SNN_F32, 2, SHAPE(2, 3), f32, sizeof(f32));
	assert_loads(st, "/param/deep/f64", SNN_F64, 1, SHAPE(2), f64, sizeof(f64));
	assert_loads(st, "/u8", SNN_U8, 3, SHAPE(2, 1, 2), u8, sizeof(u8));
	assert_loads(st, "/u32", SNN_U32, 1, SHAPE(2), u32, sizeof(u32));
	assert_loads(st, "/u64", SNN_U64, 1, SHAPE(2), u64, sizeof(u64));
	assert_loads(st, "/i64", SNN_I64, 1, SHAPE(2), i64, sizeof(i64));
	assert_loads(st, "/scalar", SNN_F64, 0, NULL, &scalar, sizeof(scalar));
	assert_loads(st, "/none", SNN_F32, 2, SHAPE(0, 7), "", 0);
	assert_loads(st, "/large", SNN_U32, 2, SHAPE(N_LARGE / 100, 100), large, sizeof(large));
	assert_int_equal(snn_store_load_text(st, "/", "rule", text, sizeof(text), &e), 0);
	assert_string_equal(text, "osttp");
	assert_int_equal(snn_store_load_text(st, "/", "empty", text, sizeof(text), &e), 0);
	assert_string_equal(text, "");
	assert_int_equal(snn_store_load_text(st, "/param/W", "unit", text, sizeof(text), &e), 0);
	assert_string_equal(text, "\xc2\xb5S");
	assert_int_equal(snn_store_load_number(st, "/param", "decay", &v, &e), 0);
	assert_true(v == 0.1);
	assert_int_equal(snn_store_length(st, "/u64", &n, &e), 0);
	assert_int_equal(n, 2);
	snn_store_free(st);
}

static void equal_content_is_equal_bytes(void **state)
{
	size_t n_a, n_b;
	char *a, *b;

	(void)state;
	write_sample("a.h5");
	write_sample("b.h5");
	a = read_bytes("a.h5", &n_a);
	b = read_bytes("b.h5", &n_b);
	assert_int_equal(n_a, n_b);
	assert_memory_equal(a, b, n_a);
	free(a);
	free(b);
}

static void one_store_can_be_written_to_two_places(void **state)
{
	struct snn_store *st = sample();
	struct snn_error e = { "" };

	(void)state;
	assert_int_equal(snn_store_write(st, "no/such/folder/a.h5", &e), -ENOENT);
	assert_contains(e.text, "no/such/folder/a.h5");
	assert_int_equal(snn_store_write(st, "a.h5", &e), 0);
	assert_int_equal(snn_store_write(st, "b.h5", &e), 0);
	snn_store_free(st);
	snn_store_free(opened("a.h5"));
	snn_store_free(opened("b.h5"));
}

/* HDF5 would take two memory files of one name for the same. */
static void stores_open_at_once_are_distinct(void **state)
{
	struct snn_store *a, *b;
	struct snn_error e = { "" };
	uint8_t v = 1;

	(void)state;
	assert_int_equal(snn_store_new(&a), 0);
	assert_int_equal(snn_store_new(&b), 0);
	snn_store_put(a, "/v", SNN_U8, 0, NULL, &v);
	v = 2;
	snn_store_put(b, "/v", SNN_U8, 0, NULL, &v);
	assert_int_equal(snn_store_write(a, "a.h5", &e), 0);
	assert_int_equal(snn_store_write(b, "b.h5", &e), 0);
	snn_store_free(a);
	snn_store_free(b);
	a = opened("a.h5");
	b = opened("b.h5");
	assert_int_equal(snn_store_load(a, "/v", SNN_U8, 0, NULL, &v, &e), 0);
	assert_int_equal(v, 1);
	assert_int_equal(snn_store_load(b, "/v", SNN_U8, 0, NULL, &v, &e), 0);
	assert_int_equal(v, 2);
	snn_store_free(a);
	snn_store_free(b);
}

static void wrong_type_rank_or_shape_is_einval_and_gives_both(void **state)
{
	struct snn_store *st;
	struct snn_error e = { "" };
	float buf[16];
	size_t n = 0;

	(void)state;
	write_sample("a.h5");
	st = opened("a.h5");
	assert_int_equal(snn_store_load(st, "/param/W", SNN_F64, 2, SHAPE(2, 3), buf, &e), -EINVAL);
	assert_string_equal(e.text, "a.h5: /param/W holds float32, expected float64");
	assert_int_equal(snn_store_load(st, "/u32", SNN_I64, 1, SHAPE(2), buf, &e), -EINVAL);
	assert_contains(e.text, "holds uint32, expected int64");
	assert_int_equal(snn_store_load(st, "/param/W", SNN_F32, 2, SHAPE(3, 2), buf, &e), -EINVAL);
	assert_string_equal(e.text, "a.h5: /param/W has shape [2][3], expected [3][2]");
	assert_int_equal(snn_store_load(st, "/param/W", SNN_F32, 1, SHAPE(6), buf, &e), -EINVAL);
	assert_contains(e.text, "[2][3], expected [6]");
	assert_int_equal(snn_store_load(st, "/scalar", SNN_F64, 1, SHAPE(1), buf, &e), -EINVAL);
	assert_contains(e.text, "has shape one value, expected [1]");
	assert_int_equal(snn_store_load(st, "/u8", SNN_U8, 9, NULL, buf, &e), -EINVAL);
	assert_int_equal(snn_store_length(st, "/param/W", &n, &e), -EINVAL);
	assert_contains(e.text, "a.h5: /param/W has rank 2, expected 1");
	snn_store_free(st);
}

static void missing_names_are_enoent_and_named(void **state)
{
	struct snn_store *st;
	struct snn_error e = { "" };
	char text[4];
	double v;
	float buf[6];
	size_t n;

	(void)state;
	write_sample("a.h5");
	st = opened("a.h5");
	assert_int_equal(snn_store_load(st, "/param/V", SNN_F32, 1, SHAPE(1), buf, &e), -ENOENT);
	assert_string_equal(e.text, "a.h5 has no /param/V");
	assert_int_equal(snn_store_load(st, "/x/y/z", SNN_F32, 1, SHAPE(1), buf, &e), -ENOENT);
	assert_int_equal(snn_store_load(st, "", SNN_F32, 1, SHAPE(1), buf, &e), -ENOENT);
	assert_int_equal(snn_store_length(st, "/nothing", &n, &e), -ENOENT);
	assert_int_equal(snn_store_load(st, "/param", SNN_F32, 1, SHAPE(1), buf, &e), -EBADMSG);
	assert_contains(e.text, "not a dataset");
	assert_int_equal(snn_store_load_text(st, "/", "rul", text, sizeof(text), &e), -ENOENT);
	assert_string_equal(e.text, "a.h5: / has no attribute rul");
	assert_int_equal(snn_store_load_number(st, "/nothing", "x", &v, &e), -ENOENT);
	/* Whole or not at all. */
	memset(text, 0x5a, sizeof(text));
	assert_int_equal(snn_store_load_text(st, "/", "rule", text, sizeof(text), &e), -EINVAL);
	assert_contains(e.text, "too long");
	assert_int_equal(text[0], 0x5a);
	assert_int_equal(snn_store_load_text(st, "/param", "decay", text, 4, &e), -EINVAL);
	assert_int_equal(snn_store_load_number(st, "/", "rule", &v, &e), -EINVAL);
	snn_store_free(st);
}

static void files_that_are_not_stores_are_refused_by_name(void **state)
{
	struct snn_store *st = NULL;
	struct snn_error e = { "" };

	(void)state;
	assert_int_equal(snn_store_open(&st, "none.h5", &e), -ENOENT);
	assert_contains(e.text, "none.h5");
	write_text("empty.h5", "");
	assert_int_equal(snn_store_open(&st, "empty.h5", &e), -EBADMSG);
	assert_contains(e.text, "empty.h5 (0 bytes) is not a checkpoint or gradient file");
	write_text("text.h5", "hello");
	assert_int_equal(snn_store_open(&st, "text.h5", &e), -EBADMSG);
	seal("text.h5");
	assert_int_equal(snn_store_open(&st, "text.h5", &e), -EBADMSG);
	assert_contains(e.text, "text.h5 is not a whole HDF5 file");
	assert_int_equal(snn_store_open(&st, ".", &e), -EISDIR);
	assert_null(st);
}

static void failed_put_is_reported_by_write_and_nothing_is_written(void **state)
{
	struct snn_store *st = sample();
	struct snn_error e = { "" };

	(void)state;
	snn_store_put(st, "/u8", SNN_U8, 1, SHAPE(4), u8);
	snn_store_put_text(st, "/", "rule", "bptt");
	assert_int_equal(snn_store_write(st, "a.h5", &e), -EINVAL);
	assert_contains(e.text, "a.h5 is not written: /u8");
	assert_int_equal(n_entries(), 0);
	snn_store_free(st);
	st = sample();
	snn_store_put_number(st, "/nothing", "x", 1);
	assert_int_equal(snn_store_write(st, "a.h5", &e), -EINVAL);
	assert_contains(e.text, "/nothing");
	snn_store_free(st);
	st = sample();
	assert_int_equal(snn_store_write(st, "a.h5", &e), 0);
	snn_store_put(st, "/more", SNN_U8, 1, SHAPE(4), u8);
	assert_int_equal(snn_store_write(st, "a.h5", &e), -EINVAL);
	snn_store_free(st);
	st = opened("a.h5");
	snn_store_put(st, "/more", SNN_U8, 1, SHAPE(4), u8);
	assert_int_equal(snn_store_write(st, "a.h5", &e), -EINVAL);
	snn_store_free(st);
	snn_store_free(opened("a.h5"));
	snn_store_free(NULL);
}

static void changed_byte_anywhere_is_an_error(void **state)
{
	size_t n;
	char *image;

	(void)state;
	write_sample("a.h5");
	image = read_bytes("a.h5", &n);
	for (size_t i = 0; i < n; i += i < 500 || i + 100 > n ? 1 : 61) {
		struct snn_store *st = NULL;

		image[i] = (char)(image[i] ^ (1 << i % 8));
		write_bytes("b.h5", image, n);
		assert_int_equal(snn_store_open(&st, "b.h5", NULL), -EBADMSG);
		image[i] = (char)(image[i] ^ (1 << i % 8));
	}
	free(image);
}

static void file_cut_anywhere_is_an_error(void **state)
{
	size_t n;
	char *image;

	(void)state;
	write_sample("a.h5");
	image = read_bytes("a.h5", &n);
	for (size_t cut = 0; cut < n; cut += cut < 100 || cut + 100 > n ? 1 : 97) {
		struct snn_store *st = NULL;

		write_bytes("b.h5", image, cut);
		assert_int_equal(snn_store_open(&st, "b.h5", NULL), -EBADMSG);
	}
	free(image);
}

static void full_disk_leaves_the_old_file_whole(void **state)
{
	struct snn_store *st;
	struct snn_error e = { "" };
	size_t n_old, n_new;
	char *old, *new;
	int r;

	(void)state;
	assert_int_equal(snn_store_new(&st), 0);
	snn_store_put(st, "/u8", SNN_U8, 1, SHAPE(4), u8);
	assert_int_equal(snn_store_write(st, "a.h5", &e), 0);
	snn_store_free(st);
	old = read_bytes("a.h5", &n_old);
	st = sample();
	limit_file_size(8192);
	r = snn_store_write(st, "a.h5", &e);
	limit_file_size(0);
	assert_int_equal(r, -EFBIG);
	assert_contains(e.text, "a.h5 cannot be written");
	assert_contains(e.text, "unchanged");
	assert_int_equal(n_entries(), 1);
	new = read_bytes("a.h5", &n_new);
	assert_int_equal(n_old, n_new);
	assert_memory_equal(old, new, n_old);
	/* Room again: the same store can be written. */
	assert_int_equal(snn_store_write(st, "a.h5", &e), 0);
	snn_store_free(st);
	snn_store_free(opened("a.h5"));
	free(old);
	free(new);
}

/* A file from a stranger must not read other files of ours. */
static void links_and_data_in_other_files_are_refused(void **state)
{
	struct snn_store *st;
	struct snn_error e = { "" };
	hsize_t dim = 4;
	hid_t file, space, dcpl, set;
	uint8_t buf[4] = { 0 };

	(void)state;
	write_sample("secret.h5");
	write_text("secret.bin", "abcd");
	file = H5Fcreate("a.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
	space = H5Screate_simple(1, &dim, NULL);
	dcpl = H5Pcreate(H5P_DATASET_CREATE);
	assert_true(H5Pset_external(dcpl, "secret.bin", 0, 4) >= 0);
	set = H5Dcreate2(file, "/outside", H5T_STD_U8LE, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
	assert_true(set >= 0);
	H5Dclose(set);
	H5Pclose(dcpl);
	H5Sclose(space);
	assert_true(H5Lcreate_external(
			    "secret.h5", "/u8", file, "/link", H5P_DEFAULT, H5P_DEFAULT) >= 0);
	assert_true(H5Lcreate_soft("/outside", file, "/soft", H5P_DEFAULT, H5P_DEFAULT) >= 0);
	H5Fclose(file);
	seal("a.h5");
	st = opened("a.h5");
	assert_int_equal(snn_store_load(st, "/outside", SNN_U8, 1, SHAPE(4), buf, &e), -EBADMSG);
	assert_contains(e.text, "in other files");
	assert_int_equal(snn_store_load(st, "/link", SNN_U8, 3, SHAPE(2, 1, 2), buf, &e), -EBADMSG);
	assert_contains(e.text, "not a plain link");
	assert_int_equal(snn_store_load(st, "/soft", SNN_U8, 1, SHAPE(4), buf, &e), -EBADMSG);
	assert_int_equal(buf[0], 0);
	snn_store_free(st);
}

static void claimed_length_beyond_the_file_is_refused(void **state)
{
	hsize_t dim = (hsize_t)1 << 40;
	struct snn_store *st;
	struct snn_error e = { "" };
	hsize_t chunk = 1024;
	size_t n = 0;
	hid_t file = H5Fcreate("a.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
	hid_t space = H5Screate_simple(1, &dim, NULL);
	hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);
	hid_t set;

	(void)state;
	assert_true(H5Pset_chunk(dcpl, 1, &chunk) >= 0);
	set = H5Dcreate2(file, "/x", H5T_STD_U32LE, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
	assert_true(set >= 0);
	H5Dclose(set);
	H5Pclose(dcpl);
	H5Sclose(space);
	H5Fclose(file);
	seal("a.h5");
	st = opened("a.h5");
	assert_int_equal(snn_store_length(st, "/x", &n, &e), -EBADMSG);
	assert_contains(e.text, "claims 1099511627776 values");
	snn_store_free(st);
}

/* Libraries never print: HDF5 would write its error stack to stderr. */
static void errors_print_nothing_and_leave_the_callers_hdf5_setting(void **state)
{
	int saved = dup(STDERR_FILENO);
	int fd = open("stderr.txt", O_WRONLY | O_CREAT, 0666);
	struct snn_store *st = NULL;
	H5E_auto2_t before, after;
	void *data;
	float buf[1];
	size_t n;
	char *text;

	(void)state;
	write_sample("a.h5");
	write_text("bad.h5", "hello");
	H5Eget_auto2(H5E_DEFAULT, &before, &data);
	fflush(stderr);
	dup2(fd, STDERR_FILENO);
	snn_store_open(&st, "bad.h5", NULL);
	st = opened("a.h5");
	snn_store_load(st, "/param", SNN_F32, 1, SHAPE(1), buf, NULL);
	snn_store_load(st, "/none/such", SNN_F32, 1, SHAPE(1), buf, NULL);
	snn_store_free(st);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd);
	H5Eget_auto2(H5E_DEFAULT, &after, &data);
	assert_true(before == after);
	text = read_bytes("stderr.txt", &n);
	assert_string_equal(text, "");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(what_was_put_is_loaded_bit_for_bit),
		scratch_test(equal_content_is_equal_bytes),
		scratch_test(one_store_can_be_written_to_two_places),
		scratch_test(stores_open_at_once_are_distinct),
		scratch_test(wrong_type_rank_or_shape_is_einval_and_gives_both),
		scratch_test(missing_names_are_enoent_and_named),
		scratch_test(files_that_are_not_stores_are_refused_by_name),
		scratch_test(failed_put_is_reported_by_write_and_nothing_is_written),
		scratch_test(changed_byte_anywhere_is_an_error),
		scratch_test(file_cut_anywhere_is_an_error),
		scratch_test(full_disk_leaves_the_old_file_whole),
		scratch_test(links_and_data_in_other_files_are_refused),
		scratch_test(claimed_length_beyond_the_file_is_refused),
		scratch_test(errors_print_nothing_and_leave_the_callers_hdf5_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
