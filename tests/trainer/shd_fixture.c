/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shd_fixture.h"

#include <assert.h>
#include <hdf5.h>

#define MAX_SAMPLE 64

static void put(hid_t file, const char *name, hid_t type, hid_t in, hsize_t n, const void *data)
{
	hid_t space = H5Screate_simple(1, &n, NULL);
	hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

	assert(set >= 0);
	assert(n == 0 || H5Dwrite(set, in, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
	H5Dclose(set);
	H5Sclose(space);
}

static hid_t create(const char *name, const struct shd_sample *s, uint32_t n, bool has_speakers)
{
	hid_t file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
	uint16_t label[MAX_SAMPLE], speaker[MAX_SAMPLE];

	assert(file >= 0 && n <= MAX_SAMPLE);
	for (uint32_t i = 0; i < n; i++) {
		label[i] = s[i].label;
		speaker[i] = s[i].speaker;
	}
	H5Gclose(H5Gcreate2(file, "/spikes", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
	put(file, "/labels", H5T_STD_U16LE, H5T_NATIVE_UINT16, n, label);
	if (has_speakers) {
		H5Gclose(H5Gcreate2(file, "/extra", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
		put(file, "/extra/speaker", H5T_STD_U16LE, H5T_NATIVE_UINT16, n, speaker);
	}
	return file;
}

static void put_tick(hid_t file)
{
	hid_t set = H5Dopen2(file, "/spikes/times", H5P_DEFAULT);
	hid_t space = H5Screate(H5S_SCALAR);
	hid_t attr =
		H5Acreate2(set, "tick_seconds", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT);
	double tick = 0.001;

	assert(H5Awrite(attr, H5T_NATIVE_DOUBLE, &tick) >= 0);
	H5Aclose(attr);
	H5Sclose(space);
	H5Dclose(set);
}

void shd_write_compact(const char *name, const struct shd_sample *s, uint32_t n, bool has_speakers)
{
	hid_t file = create(name, s, n, has_speakers);
	uint16_t tick[MAX_SAMPLE * FIXTURE_SPIKES], unit[MAX_SAMPLE * FIXTURE_SPIKES];
	int64_t offset[MAX_SAMPLE + 1] = { 0 };
	uint32_t at = 0;

	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < s[i].n; k++) {
			tick[at] = s[i].tick[k];
			unit[at++] = s[i].unit[k];
		}
		offset[i + 1] = at;
	}
	put(file, "/spikes/times", H5T_STD_U16LE, H5T_NATIVE_UINT16, at, tick);
	put(file, "/spikes/units", H5T_STD_U16LE, H5T_NATIVE_UINT16, at, unit);
	put(file, "/spikes/offsets", H5T_STD_I64LE, H5T_NATIVE_INT64, n + 1, offset);
	put_tick(file);
	H5Fclose(file);
}

/* IEEE half precision, as the published files have. */
static hid_t half(void)
{
	hid_t type = H5Tcopy(H5T_IEEE_F32LE);

	H5Tset_fields(type, 15, 10, 5, 0, 10);
	H5Tset_size(type, 2);
	H5Tset_ebias(type, 15);
	return type;
}

void shd_write_published(
	const char *name, const struct shd_sample *s, uint32_t n, bool has_speakers)
{
	hid_t file = create(name, s, n, has_speakers), f16 = half();
	hid_t time_type = H5Tvlen_create(f16), unit_type = H5Tvlen_create(H5T_STD_I64LE);
	hid_t in_time = H5Tvlen_create(H5T_NATIVE_FLOAT),
	      in_unit = H5Tvlen_create(H5T_NATIVE_UINT16);
	float time[MAX_SAMPLE][FIXTURE_SPIKES];
	hvl_t times[MAX_SAMPLE], units[MAX_SAMPLE];

	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < s[i].n; k++)
			time[i][k] = 0.001f * s[i].tick[k];
		times[i] = (hvl_t){ .len = s[i].n, .p = time[i] };
		units[i] = (hvl_t){ .len = s[i].n, .p = (void *)(uintptr_t)s[i].unit };
	}
	put(file, "/spikes/times", time_type, in_time, n, times);
	put(file, "/spikes/units", unit_type, in_unit, n, units);
	H5Tclose(time_type);
	H5Tclose(unit_type);
	H5Tclose(in_time);
	H5Tclose(in_unit);
	H5Tclose(f16);
	H5Fclose(file);
}
