/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * write_store.c - a store for read_store.py: write_store FILE
 */
#include <stdio.h>
#include "store.h"

int main(int argc, char **argv)
{
	static const float w[6] = { 0, -1.5f, 1.0f / 3, 3, 4, 5 };
	static const uint64_t seed = UINT64_MAX;
	static uint32_t large[20000];
	struct snn_error e = { "" };
	struct snn_store *st;

	if (argc != 2 || snn_store_new(&st) < 0)
		return 1;
	for (uint32_t i = 0; i < 20000; i++)
		large[i] = i;
	snn_store_put(st, "/param/W", SNN_F32, 2, (size_t[]){ 2, 3 }, w);
	snn_store_put(st, "/seed", SNN_U64, 0, NULL, &seed);
	snn_store_put(st, "/large", SNN_U32, 2, (size_t[]){ 200, 100 }, large);
	snn_store_put_text(st, "/", "rule", "osttp");
	snn_store_put_text(st, "/param/W", "unit", "\xc2\xb5S");
	snn_store_put_number(st, "/", "decay", 0.1);
	if (snn_store_write(st, argv[1], &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	snn_store_free(st);
	return 0;
}
