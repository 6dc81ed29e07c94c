/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_cli_xbar.c - the program xbar as scripts see it: standard output, standard error, exit status
 * of each command, on its good paths and its wrong ones. argv[1] is the program.
 */
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

static char folder[64];
static char out[1 << 20], err[1 << 16];

static void slurp(const char *name, char *buf, size_t size)
{
	FILE *f = fopen(name, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(buf, 1, size - 1, f);
	buf[n] = '\0';
	fclose(f);
}

/* "xbar ARGS" by the shell in the test's folder; fills out and err, returns the exit status. */
static int run(const char *args)
{
	char command[2048];
	int status;

	snprintf(command, sizeof(command), "{ \"$XBAR\" %s ; } >out 2>err", args);
	status = system(command);
	slurp("out", out, sizeof(out));
	slurp("err", err, sizeof(err));
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void assert_done(const char *args)
{
	int status = run(args);

	if (status)
		fail_msg("xbar %s: status %d, \"%s\"", args, status, err);
}

/* Fails with this status, says each reason, and prints nothing to standard output. */
static void assert_fails(const char *args, int expected, const char *const *reasons)
{
	int status = run(args);

	if (status != expected)
		fail_msg("xbar %s: status %d, not %d; \"%s\"", args, status, expected, err);
	for (; *reasons; reasons++) {
		if (!strstr(err, *reasons))
			fail_msg("xbar %s: \"%s\" does not say \"%s\"", args, err, *reasons);
	}
	assert_string_equal(out, "");
}

#define FAILS(args, status, ...) \
	assert_fails(args, status, (const char *const[]){ __VA_ARGS__, NULL })

static void put(const char *name, const char *text)
{
	FILE *f = fopen(name, "wb");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static unsigned n_line(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static int set_up(void **state)
{
	(void)state;
	return system("rm -f board.state");
}

static json_t *json_output(void)
{
	json_t *j = json_loads(out, 0, NULL);

	assert_non_null(j);
	assert_int_equal(n_line(out), 1);
	return j;
}

static double number(const json_t *j, const char *key)
{
	const json_t *v = json_object_get(j, key);

	assert_true(json_is_number(v));
	return json_number_value(v);
}

static void help_teaches_and_is_data(void **state)
{
	static const char *const commands[] = { "info", "mvm", "pulse", "program", "read", "map",
		"wait", "bench" };

	(void)state;
	assert_done("--help");
	assert_non_null(strstr(out, "Exit status: 0 done, 1 failed, 2 wrong usage"));
	assert_non_null(strstr(out, "state=board.state"));
	assert_string_equal(err, "");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		char args[64];

		assert_done("--help");
		assert_non_null(strstr(out, commands[i]));
		snprintf(args, sizeof(args), "%s --help", commands[i]);
		assert_done(args);
		assert_non_null(strstr(out, "Usage: xbar"));
		assert_non_null(strstr(out, "emu:"));
	}
	assert_done("--version");
	assert_int_equal(strncmp(out, "xbar ", 5), 0);
}

static void wrong_commands_are_usage_errors(void **state)
{
	(void)state;
	FAILS("", 2, "which command?");
	FAILS("raed", 2, "unknown command \"raed\"", "did you mean \"read\"?");
	FAILS("info --nonesuch", 2, "nonesuch");
	FAILS("info emu: emu:", 2, "one URI is enough");
}

static void wrong_boards_are_exit_2_with_the_nearest_key(void **state)
{
	(void)state;
	FAILS("info emo:", 2, "unknown kind of board \"emo:\"", "did you mean \"emu:\"");
	FAILS("info 'emu:?drift_mu=1'", 2, "\"drift_mu\"", "did you mean \"drift_nu\"");
	FAILS("info 'emu:?drift_nu=7'", 2, "drift_nu=7", "0 .. 1");
	FAILS("info replay:session", 1, "cannot open");
	FAILS("read 'emu:?state=none/board.state'", 1, "none/board.state", "No such file");
	put("foreign", "this is no board\n");
	FAILS("info 'emu:?state=foreign'", 1, "foreign", "left as it is");
}

static void scan_lists_what_could_be_a_board(void **state)
{
	json_t *j;

	(void)state;
	assert_done("scan --csv");
	assert_ptr_equal(strstr(out, "uri,what,serial,problem\n"), out);
	assert_done("scan --json");
	j = json_output();
	assert_true(json_is_array(j));
	json_decref(j);
	FAILS("scan emu:", 2, "no URI");
}

static void ping_tells_the_time_of_a_round_trip(void **state)
{
	json_t *j;

	(void)state;
	assert_done("ping loop: -n 7 --size 128 --json");
	j = json_output();
	assert_true(number(j, "n") == 7 && number(j, "bytes") == 128);
	assert_true(number(j, "min_s") > 0 && number(j, "min_s") <= number(j, "median_s"));
	json_decref(j);
	assert_done("ping loop: -n 7 --csv");
	assert_int_equal(n_line(out), 8);
	FAILS("ping emu:", 2, "cannot do this");
	FAILS("ping serial:/dev/ttyNONE7", 1, "no port \"/dev/ttyNONE7\"");
	FAILS("ping loop: --size 129", 2, "1 .. 128");
}

static void a_recorded_command_can_be_replayed(void **state)
{
	static char first[4096];

	(void)state;
	assert_done(
		"record session emu:?seed=4 -- \"$XBAR\" read --chip 0 --rows 0:2 --cols 3 --csv");
	snprintf(first, sizeof(first), "%.4000s", out);
	assert_true(n_line(first) > 2);
	assert_done("read replay:session --chip 0 --rows 0:2 --cols 3 --csv");
	assert_string_equal(out, first);
	FAILS("read replay:session --chip 0 --rows 0:3 --cols 3 --csv", 2, "differs");
	FAILS("record session", 2, "COMMAND");
	FAILS("record session emu: -- ./nonesuch", 1, "nonesuch");
}

static void info_tells_the_board(void **state)
{
	json_t *j;

	(void)state;
	assert_done("info 'emu:?chips=3&seed=7'");
	assert_non_null(strstr(out, "emu:?chips=3&seed=7"));
	assert_done("info --json 'emu:?chips=3&seed=7&adc_bits=10'");
	j = json_output();
	assert_true(number(j, "n_chip") == 3 && number(j, "n_row") == 256);
	assert_true(number(j, "adc_bits") == 10);
	assert_string_equal(
		json_string_value(json_object_get(j, "uri")), "emu:?chips=3&seed=7&adc_bits=10");
	assert_true(number(json_object_get(j, "stats"), "n_set") == 0);
	json_decref(j);
	FAILS("info --csv", 2, "--json");
}

static void info_lists_the_keys_of_a_uri(void **state)
{
	(void)state;
	assert_done("info --help-uri");
	assert_non_null(strstr(out, "drift_nu"));
	assert_non_null(strstr(out, "source: "));
	assert_done("info --help-uri=emu --csv");
	assert_int_equal(strncmp(out, "key,unit,default,range,source,help\n", 35), 0);
	assert_non_null(strstr(out, "\nchips,"));
	assert_non_null(strstr(out, "\nstate,"));
	FAILS("info --help-uri=nonesuch --csv >/dev/null", 2, "nonesuch");
}

static void the_environment_names_the_board(void **state)
{
	(void)state;
	assert_int_equal(setenv("XBAR_URI", "emu:?chips=5", 1), 0);
	assert_done("info");
	assert_non_null(strstr(out, "emu:?chips=5"));
	assert_done("info emu:?chips=1");
	assert_non_null(strstr(out, "emu:?chips=1"));
	assert_int_equal(unsetenv("XBAR_URI"), 0);
}

/* ideal: one SET is 1 uS; 0.2 V x 4 uS = 0.8 uA; one code is 1.27 uA / 127 = 0.01 uA. */
static void pulses_kept_in_a_file_are_multiplied_and_read(void **state)
{
	(void)state;
#define IDEAL "'emu:?chips=1&preset=ideal&adc_range=1.27e-6&state=board.state'"
	assert_done("pulse " IDEAL " --chip 0 --row 3 --col 5 --device 0 --kind set -n 4");
	assert_string_equal(out, "before 0 S\nafter  3.99999999e-06 S\n");
	assert_done("pulse --chip 0 --row 2 --col 4 --device 2 " IDEAL " --kind set -n 2 --csv");
	assert_string_equal(out,
		"chip,row,col,device,kind,n,before_S,after_S\n"
		"0,2,4,2,set,2,0,1.99999999e-06\n");
	assert_done("read " IDEAL " --chip 0 --rows 2:4 --cols 4:6 --csv");
	assert_int_equal(n_line(out), 17);
	assert_int_equal(strncmp(out, "row,col,device,g_S\n2,4,0,0\n", 27), 0);
	assert_non_null(strstr(out, "\n2,4,2,1.99999999e-06\n"));
	assert_non_null(strstr(out, "\n3,5,0,3.99999999e-06\n"));
	put("in", "# rows 2 and 3\n127, 127\n\n0 -127  # half\n64,0\n");
	assert_done("mvm " IDEAL " --chip 0 --rows 2:4 --cols 4:7 --input in");
	assert_string_equal(out, "-40,80,0\n0,-80,0\n-20,0,0\n");
	put("in", "127\n");
	assert_done("mvm --input - --rows 3 --cols 5 " IDEAL " <in");
	assert_string_equal(out, "80\n");
	assert_done("mvm " IDEAL " --rows 3 --cols 5:7 --input in --json");
	assert_non_null(strstr(out, "\"codes\":[[80,0]]"));
	assert_done("mvm " IDEAL " --rows 3 --cols 5 --input in --current");
	assert_true(fabs(strtod(out, NULL) - 0.8e-6) < 1e-12);
}

static void a_full_vector_has_256_codes_a_line(void **state)
{
	char text[2 * 2 * 256 + 1];
	size_t n = 0;

	(void)state;
	for (unsigned i = 0; i < 2 * 256; i++)
		n += (size_t)sprintf(text + n, "1%c", i % 256 == 255 ? '\n' : ' ');
	put("in", text);
	assert_done("mvm emu: --chip 1 --input - <in");
	assert_int_equal(n_line(out), 2);
	for (unsigned i = 0; i < 2; i++) {
		unsigned n_comma = 0;

		for (const char *p = i ? strchr(out, '\n') + 1 : out; *p != '\n'; p++)
			n_comma += *p == ',';
		assert_int_equal(n_comma, 255);
	}
}

static void wrong_vectors_name_file_and_line(void **state)
{
	(void)state;
#define MVM "mvm emu: --chip 0 --rows 0:2 --cols 0:2 --input "
	put("bad", "1,2\n3\n");
	FAILS(MVM "bad", 1, "bad:2:", "1 codes, but 2 rows");
	put("bad", "1,2\n\n1,2,3\n");
	FAILS(MVM "bad", 1, "bad:3:", "3 codes, but 2 rows");
	put("bad", "1,128\n");
	FAILS(MVM "bad", 1, "bad:1:", "128 is not a code", "-127 .. 127");
	put("bad", "1,1.5\n");
	FAILS(MVM "bad", 1, "bad:1:", "1.5 is not a code");
	put("bad", "1,x\n");
	FAILS(MVM "bad", 1, "bad:1:", "\"x\" is not a number");
	put("bad", "1,nan\n");
	FAILS(MVM "bad", 1, "bad:1:", "not a number");
	put("bad", "1,,2\n");
	FAILS(MVM "bad", 1, "bad:1:", "a value is missing");
	put("bad", "1,2,\n");
	FAILS(MVM "bad", 1, "bad:1:", "a value is missing");
	put("bad", "# nothing\n");
	FAILS(MVM "bad", 1, "bad: no vectors");
	FAILS(MVM "nonesuch", 1, "nonesuch: cannot open: No such file");
	FAILS(MVM ".", 1, "cannot read: Is a directory");
	FAILS("mvm emu: --chip 0", 2, "--input FILE is missing");
	FAILS("mvm emu: --chip 2 --input bad", 2, "chip 2", "0 .. 1");
	FAILS("mvm emu: --rows 0:257 --input bad", 2, "rows 0:257", "256");
}

static void wrong_places_are_usage_errors(void **state)
{
	(void)state;
#define PULSE "pulse emu: --kind set "
	FAILS(PULSE "--row 0 --col 0", 2, "--device");
	FAILS(PULSE "--row 256 --col 0 --device 0", 2, "256");
	FAILS(PULSE "--row 0 --col 256 --device 0", 2, "256");
	FAILS(PULSE "--row 0 --col 0 --device 4", 2, "--device 4 is outside 0 .. 3");
	FAILS(PULSE "--row 0 --col 0 --device 0 --chip 2", 2, "chip 2");
	FAILS(PULSE "--row x --col 0 --device 0", 2, "\"x\" is not a whole number");
	FAILS(PULSE "--row 0 --col 0 --device 0 -n 0", 2, "-n 0");
	FAILS("pulse --row 0 --col 0 --device 0 --kind rest", 2, "did you mean \"reset\"");
	FAILS("read --rows 3:3", 2, "empty");
	FAILS("read --rows 300", 2, "300");
	FAILS("read --cols 5:900", 2, "5:900");
	FAILS("read --rows a:b", 2, "not a whole number");
	FAILS("read --average 0", 2, "--average 0");
	FAILS("wait emu:", 2, "--seconds S is missing");
	FAILS("wait --seconds -1", 2, "-1");
	FAILS("wait --seconds 1e10", 2, "1e10");
	FAILS("wait --seconds soon", 2, "\"soon\" is not a number");
}

static void spans_are_half_open_as_in_python(void **state)
{
	(void)state;
	assert_done("read emu:?chips=1 --rows 254: --cols :2 --csv");
	assert_int_equal(n_line(out), 1 + 2 * 2 * 4);
	assert_non_null(strstr(out, "\n255,1,3,"));
	assert_done("read emu:?chips=1 --rows 7 --cols 9");
	assert_int_equal(n_line(out), 1 + 4);
	assert_non_null(strstr(out, "\n7,9,0,"));
	assert_done("read emu:?chips=1 --rows 7 --cols 9:11 --json");
	json_t *j = json_output();
	assert_int_equal(json_array_size(json_object_get(j, "g_S")), 8);
	json_decref(j);
}

/* Two commands, as on a real board: drift after an hour is (3600 s / 1 s)^-0.04 = 0.72. */
static void a_kept_board_drifts_while_it_waits(void **state)
{
	double before, after;

	(void)state;
#define QUIET "'emu:?chips=1&read_noise=off&state=board.state'"
	assert_done("pulse " QUIET " --row 0 --col 0 --device 1 --kind set -n 300 --json");
	json_t *j = json_output();
	before = number(j, "after_S");
	json_decref(j);
	assert_done("wait " QUIET " --seconds 3600");
	assert_int_equal(strncmp(out, "chip time 3600.0000", 19), 0);
	assert_done("read " QUIET " --rows 0 --cols 0");
	assert_int_equal(sscanf(strstr(out, "\n0,0,1,") + 7, "%lf", &after), 1);
	assert_true(after / before > 0.72 && after / before < 0.722);
	assert_done("wait " QUIET " --seconds 0.5 --json");
	j = json_output();
	assert_true(number(j, "time_s") > 3600.5);
	json_decref(j);
	assert_done("info " QUIET);
	assert_non_null(strstr(out, "300 SET"));
}

static void programming_takes_what_read_prints(void **state)
{
	json_t *j;

	(void)state;
#define KEPT "'emu:?chips=2&state=board.state'"
	assert_done("program " KEPT " --chip 0 --rows 4:8 --cols 10:14 --net-S -4e-6 --json");
	j = json_output();
	assert_true(number(j, "n_device") == 64);
	assert_true(number(j, "rms_error_S") < 0.5e-6);
	json_decref(j);
	assert_done("read " KEPT " --chip 0 --rows 4:8 --cols 10:14 --average 32 --csv > copy.csv");
	assert_done(
		"program " KEPT " --chip 1 --input copy.csv --tol-S 0.4e-6 --max-iter 60 --csv");
	assert_int_equal(strncmp(out, "n_device,n_failed,n_iter,rms_error_S\n64,", 40), 0);
	assert_done("map " KEPT " --chip 1 --rows 4:8 --cols 8:16 --range-S 8e-6");
	assert_non_null(strstr(out, "chip 1, rows 4:8 down, columns 8:16 across"));
	for (unsigned i = 0; i < 4; i++) {
		/* Half of the range is about e, on the four columns only. */
		assert_int_equal(strspn(out + 9 * i, ".1a"), 2);
		assert_int_equal(strspn(out + 9 * i + 2, "cdefg"), 4);
	}
	assert_done("program " KEPT " --rows 0 --cols 0 --target-S 2e-6");
	assert_non_null(strstr(out, "4 devices in "));
}

static void wrong_targets_name_file_and_line(void **state)
{
	(void)state;
#define PROGRAM "program emu: --input bad"
	put("bad", "row,col,device,g_S\n0,0,0,1e-6\n0,0,1,1e-6\n0,0,3,1e-6\n");
	FAILS(PROGRAM, 1, "bad:4:", "row 0, col 0, device 2 is missing");
	put("bad", "row,col,device,g_S\n0,0,0,1e-6\n0,0,0,1e-6\n");
	FAILS(PROGRAM, 1, "bad:3:", "comes twice");
	put("bad", "0,0,0,1\n");
	FAILS(PROGRAM, 1, "bad:1:", "above");
	put("bad", "0,256,0,1e-6\n");
	FAILS(PROGRAM, 1, "bad:1:", "col 256", "0 .. 255");
	put("bad", "0,0,4,1e-6\n");
	FAILS(PROGRAM, 1, "bad:1:", "device 4");
	put("bad", "0,0,0\n");
	FAILS(PROGRAM, 1, "bad:1:", "g_S is missing");
	put("bad", "0,0,0,1e-6,5\n");
	FAILS(PROGRAM, 1, "bad:1:", "more than four");
	put("bad", "row,col,g_S\n0,0,1e-6\n");
	FAILS(PROGRAM, 1, "bad:1:", "\"row\" is not a number");
	put("bad", "");
	FAILS(PROGRAM, 1, "no conductances");
	FAILS("program emu: --input nonesuch", 1, "nonesuch");
	FAILS("program emu:", 2, "one of --input, --target-S and --net-S");
	FAILS("program emu: --target-S 1e-6 --net-S 1e-6", 2, "one of");
	FAILS("program emu: --input bad --rows 3", 2, "--rows");
	FAILS("program emu: --target-S 13e-6 --rows 0 --cols 0", 2, "1.3e-05 S", "1.2e-05 S");
	FAILS("program emu: --net-S 1e-6 --max-iter 0", 2, "--max-iter 0");
}

static void a_map_is_text_in_a_file_and_colours_where_asked(void **state)
{
	(void)state;
	assert_done("map emu:?chips=1 --width 40");
	assert_null(strchr(out, '\033'));
	/* 256 / 40 -> 7 columns and 14 rows a character: 37 characters, 19 lines, and a legend. */
	assert_int_equal(strcspn(out, "\n"), 37);
	assert_int_equal(n_line(out), 19 + 2);
	assert_non_null(strstr(out, "uS"));
	assert_done("map emu:?chips=1 --colour always --polarity plus --width 64");
	assert_non_null(strstr(out, "\033[38;5;"));
	assert_int_equal(n_line(out), 32 + 2);
	FAILS("map --polarity both", 2, "both");
	FAILS("map --json", 2, "xbar read");
}

static void a_png_has_the_cells_in_pixels(void **state)
{
	(void)state;
	assert_done("map emu:?chips=1 --rows 0:100 --cols 0:50 --scale 2 --png map.png");
	assert_string_equal(out, "");
	assert_non_null(strstr(err, "colour bar"));
	slurp("map.png", out, sizeof(out));
	assert_memory_equal(out, "\x89PNG\r\n\x1a\n", 8);
	/* IHDR: 50 x 2 + 8 + 16 pixels wide, 100 x 2 high (PNG specification 11.2.2). */
	assert_memory_equal(out + 16, "\0\0\0\x7c\0\0\0\xc8", 8);
	assert_done(
		"map emu:?chips=1 --rows 0:100 --cols 0:50 --scale 2 --png - >map2.png && cmp map.png "
		"map2.png");
	FAILS("map emu: --png none/map.png", 1, "none/map.png", "No such file");
	FAILS("map emu: --png /dev/full", 1, "/dev/full", "No space left");
}

static void bench_measures_and_puts_the_board_back(void **state)
{
	json_t *j;

	(void)state;
	assert_done("pulse " KEPT " --row 0 --col 0 --device 1 --kind set");
	assert_done("bench " KEPT " --seconds 0.002 --json");
	j = json_output();
	assert_true(number(json_object_get(j, "mvm_int8"), "per_s_cpu") > 0);
	assert_true(number(json_object_get(j, "pulse"), "per_s_wall") > 0);
	assert_true(number(json_object_get(j, "read"), "per_s_cpu") > 0);
	json_decref(j);
	assert_done("info --json " KEPT);
	j = json_output();
	assert_true(number(json_object_get(j, "stats"), "n_set") == 1);
	assert_true(number(json_object_get(j, "stats"), "n_mvm") == 0);
	json_decref(j);
	assert_done("bench emu:?chips=1 --seconds 0.002 --csv");
	assert_int_equal(n_line(out), 6);
}

static void a_full_disk_behind_stdout_is_a_failure(void **state)
{
	static const char *const all[] = { "info", "info --json", "info --help-uri", "--help",
		"read emu:?chips=1", "read emu:?chips=1 --json", "map", "wait --seconds 1",
		"pulse --row 0 --col 0 --device 0 --kind set", "map --png -" };

	(void)state;
	if (access("/dev/full", W_OK))
		skip();
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char args[128];

		snprintf(args, sizeof(args), "%s >/dev/full", all[i]);
		FAILS(args, 1, "xbar: ");
	}
}

static void two_programs_do_not_share_a_board(void **state)
{
	(void)state;
	assert_done("info " KEPT);
	/* The first, once it has told of the open board (-v), holds it and waits for its input. */
	assert_int_equal(system("rm -f wait; mkfifo wait; "
				"{ \"$XBAR\" mvm -v " KEPT
				" --rows 0 --cols 0 --input - <wait >first 2>told; } & "
				"exec 9<>wait; i=0; while ! [ -s told ]; do i=$((i+1)); "
				"[ $i -lt 200 ] || exit 1; sleep 0.05; done; "
				"\"$XBAR\" info " KEPT " >/dev/null 2>second; s=$?; "
				"echo 5 >&9; exec 9>&-; wait; [ $s = 1 ]"),
		0);
	slurp("second", err, sizeof(err));
	assert_non_null(strstr(err, "another program has this board open"));
	slurp("first", out, sizeof(out));
	assert_int_equal(n_line(out), 1);
	assert_done("info " KEPT);
}

/* A file may not grow beyond 100 blocks: a full disk by other means. */
static void a_full_disk_leaves_the_kept_board_whole(void **state)
{
	(void)state;
	assert_done("pulse " KEPT " --row 0 --col 0 --device 0 --kind set -n 3");
	assert_int_equal(system("(trap '' XFSZ; ulimit -f 100; \"$XBAR\" pulse " KEPT
				" --row 0 --col 0 --device 0 --kind set >out 2>err)"),
		1 << 8);
	slurp("err", err, sizeof(err));
	assert_non_null(strstr(err, "cannot write: File too large"));
	assert_done("info " KEPT);
	assert_non_null(strstr(out, " 3 SET"));
	assert_int_not_equal(system("ls board.state.* 2>/dev/null"), 0);
}

static void a_board_that_cannot_be_kept_is_a_failure(void **state)
{
	(void)state;
	assert_int_equal(
		system("rm -rf gone fifo; mkdir gone; mkfifo fifo; "
		       "{ \"$XBAR\" mvm 'emu:?state=gone/board.state' --rows 0 --cols 0 --input - <fifo "
		       ">out 2>err; echo $? >status; } & "
		       "exec 9<>fifo; i=0; while ! [ -e gone/board.state ]; do i=$((i+1)); "
		       "[ $i -lt 200 ] || exit 1; sleep 0.05; done; "
		       "rm -rf gone; echo 5 >&9; exec 9>&-; wait; [ \"$(cat status)\" = 1 ]"),
		0);
	slurp("err", err, sizeof(err));
	assert_non_null(strstr(err, "cannot write"));
}

/* In memory if possible: a board's file is synced to the disk in every command. */
static int enter_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "%s/test_cli_xbar.XXXXXX",
		access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	return mkdtemp(folder) ? chdir(folder) : -1;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return chdir("/") || system(command);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_teaches_and_is_data),
		cmocka_unit_test(wrong_commands_are_usage_errors),
		cmocka_unit_test(wrong_boards_are_exit_2_with_the_nearest_key),
		cmocka_unit_test(scan_lists_what_could_be_a_board),
		cmocka_unit_test(ping_tells_the_time_of_a_round_trip),
		cmocka_unit_test(a_recorded_command_can_be_replayed),
		cmocka_unit_test(info_tells_the_board),
		cmocka_unit_test(info_lists_the_keys_of_a_uri),
		cmocka_unit_test(the_environment_names_the_board),
		cmocka_unit_test_setup(pulses_kept_in_a_file_are_multiplied_and_read, set_up),
		cmocka_unit_test(a_full_vector_has_256_codes_a_line),
		cmocka_unit_test(wrong_vectors_name_file_and_line),
		cmocka_unit_test(wrong_places_are_usage_errors),
		cmocka_unit_test(spans_are_half_open_as_in_python),
		cmocka_unit_test_setup(a_kept_board_drifts_while_it_waits, set_up),
		cmocka_unit_test_setup(programming_takes_what_read_prints, set_up),
		cmocka_unit_test(wrong_targets_name_file_and_line),
		cmocka_unit_test(a_map_is_text_in_a_file_and_colours_where_asked),
		cmocka_unit_test(a_png_has_the_cells_in_pixels),
		cmocka_unit_test_setup(bench_measures_and_puts_the_board_back, set_up),
		cmocka_unit_test(a_full_disk_behind_stdout_is_a_failure),
		cmocka_unit_test_setup(two_programs_do_not_share_a_board, set_up),
		cmocka_unit_test_setup(a_full_disk_leaves_the_kept_board_whole, set_up),
		cmocka_unit_test(a_board_that_cannot_be_kept_is_a_failure),
	};
	char program[PATH_MAX];

	/* The tests run in a folder of their own: a relative path would not do. */
	if (argc != 2 || !realpath(argv[1], program) || setenv("XBAR", program, 1))
		return 2;
	unsetenv("XBAR_URI");
	return cmocka_run_group_tests(tests, enter_folder, remove_folder);
}
