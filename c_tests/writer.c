/* The life of a writer: every call, every error that a program can cause, and what it leaves behind. */
#include "check.h"
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void opening_says_what_is_wrong(void) {
    plattli_writer *const untouched = (plattli_writer *)(void *)&untouched;
    plattli_writer *w = untouched;
    REFUSED(PLATTLI_ERR_ARGUMENT, "run_dir is NULL", plattli_writer_open(NULL, NULL, &w));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_writer_open(path("x"), NULL, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "run_dir is not UTF-8", plattli_writer_open("\xff\xfe", NULL, &w));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_writer_open("", NULL, &w));
    REFUSED(PLATTLI_ERR_ARGUMENT, "plattli", plattli_writer_open(path("plattli"), NULL, &w));
    write_file(path("file"), "not a folder");
    REFUSED(PLATTLI_ERR_IO, "file", plattli_writer_open(path("file/run"), NULL, &w));
    CHECK(mkdir(path("corrupt"), 0777) == 0 && mkdir(path("corrupt/plattli"), 0777) == 0);
    write_file(path("corrupt/plattli/plattli.json"), "{\"x\": 3");
    REFUSED(PLATTLI_ERR_CORRUPT, "corrupt/plattli/plattli.json", plattli_writer_open(path("corrupt"), NULL, &w));
    CHECK(w == untouched); /* outputs are written on success only */
}

static void null_is_refused_everywhere(void) {
    plattli_writer *const no = NULL;
    const char *const text = "writer is NULL";
    uint32_t n = 7;
    const double value = 1.0;
    const float single = 1.0F;
    plattli_writer_stats stats = {.size = sizeof stats};
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_metric(no, "x", PLATTLI_F64, &n));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_write_f32(no, "x", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_write_f64(no, "x", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_write_i8(no, "x", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_write_i16(no, "x", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_write_i32(no, "x", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_write_i64(no, "x", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_write_u8(no, "x", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_write_u16(no, "x", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_write_u32(no, "x", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_write_u64(no, "x", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_write_bool(no, "x", true));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_write_str(no, "x", "a", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_write_json(no, "x", "1", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_put_f32(no, 0, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_put_f64(no, 0, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_put_i8(no, 0, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_put_i16(no, 0, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_put_i32(no, 0, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_put_i64(no, 0, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_put_u8(no, 0, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_put_u16(no, 0, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_put_u32(no, 0, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_put_u64(no, 0, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_put_bool(no, 0, true));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_put_str(no, 0, "a", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_put_json(no, 0, "1", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_put_row_f64(no, &n, &value, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_put_row_f32(no, &n, &single, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_step(no, &n));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_set_step(no, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_end_step(no));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_flush(no));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_sync(no));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_set_config(no, "{}", 2));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_get_stats(no, &stats));
    plattli_string *string = NULL;
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_warnings(no, 0, &string));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_finish(no, NULL));
    OK(plattli_writer_close(no));

    plattli_writer *w = open_writer("nulls", NULL);
    REFUSED(PLATTLI_ERR_ARGUMENT, "out_id is NULL", plattli_writer_metric(w, "x", PLATTLI_F64, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "name is NULL", plattli_writer_metric(w, NULL, PLATTLI_F64, &n));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_writer_step(w, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_writer_get_stats(w, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "json is NULL", plattli_writer_set_config(w, NULL, 2));
    CHECK(n == 7);
    OK(plattli_writer_close(w));
}

static void a_null_argument_of_a_write_is_an_error_of_its_step(void) {
    plattli_writer *w = open_writer("null-writes", NULL);
    const uint32_t id = 0;
    const double value = 1.0;
    REFUSED(PLATTLI_ERR_ARGUMENT, "name is NULL", plattli_write_f64(w, NULL, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "data is NULL", plattli_write_str(w, "s", NULL, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "json is NULL", plattli_write_json(w, "j", NULL, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "ids is NULL", plattli_put_row_f64(w, NULL, &value, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "values is NULL", plattli_put_row_f64(w, &id, NULL, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "values is NULL", plattli_put_row_f32(w, &id, NULL, 1));
    OK(plattli_put_row_f64(w, NULL, NULL, 0));
    OK(plattli_put_row_f32(w, NULL, NULL, 0));
    OK(plattli_write_str(w, "s", NULL, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "name is NULL", plattli_end_step(w));
    OK(plattli_write_str(w, "s", "a\0b", 3));
    OK(plattli_end_step(w));
    CHECK(stats_of(w).rows == 2);
    OK(plattli_writer_close(w));
}

static void names_that_cannot_be_stored_are_refused(void) {
    plattli_writer *w = open_writer("names", NULL);
    const char *bad[] = {"",  "/x",   "x/", "a//b", ".",    "..",           "a/../b",  "a/./b",   "a\\b",
                         "c:", "c:/x", "\xc3\xa9:x", "step", "run_rows", "when_exported", "hot", "hot.compacting", "\xff"};
    const char *good[] = {"a", "a/b", "a b", "ab:c", "x/a:b", ":x", "hot/x", "Step", "x/step", "config", "\xc3\xa9t\xc3\xa9", "a.b", "l\n"};
    uint32_t id = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        EXPECT(PLATTLI_ERR_ARGUMENT, plattli_writer_metric(w, bad[i], PLATTLI_F64, &id));
        EXPECT(PLATTLI_ERR_ARGUMENT, plattli_write_f64(w, bad[i], 1.0));
    }
    CHECK(id == 7);
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_end_step(w));
    REFUSED(PLATTLI_ERR_ARGUMENT, "hot.compacting", plattli_write_f64(w, "hot.compacting", 1.0));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_end_step(w));
    for (size_t i = 0; i < sizeof good / sizeof *good; ++i) OK(plattli_write_f64(w, good[i], 1.0));
    OK(plattli_end_step(w));
    OK(plattli_writer_close(w));
}

static void every_type_is_written_by_name_and_by_number(void) {
    plattli_writer *w = open_writer("types", NULL);
    OK(plattli_write_f32(w, "f32", 0.1F));
    OK(plattli_write_f64(w, "f64", 0.1));
    OK(plattli_write_i8(w, "i8", INT8_MIN));
    OK(plattli_write_i16(w, "i16", INT16_MIN));
    OK(plattli_write_i32(w, "i32", INT32_MIN));
    OK(plattli_write_i64(w, "i64", INT64_MIN));
    OK(plattli_write_u8(w, "u8", UINT8_MAX));
    OK(plattli_write_u16(w, "u16", UINT16_MAX));
    OK(plattli_write_u32(w, "u32", UINT32_MAX));
    OK(plattli_write_u64(w, "u64", UINT64_MAX));
    OK(plattli_write_bool(w, "bool", true));
    OK(plattli_write_str(w, "str", "h\xc3\xa9", 3));
    OK(plattli_write_json(w, "json", "[1, {\"a\": NaN}]", 15));
    OK(plattli_end_step(w));
    const char *names[] = {"f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "str"};
    uint32_t id[11], bools = 0;
    for (int32_t type = PLATTLI_F32; type <= PLATTLI_JSON; ++type)
        OK(plattli_writer_metric(w, names[type - 1], type, &id[type - 1]));
    OK(plattli_writer_metric(w, "bool", PLATTLI_JSON, &bools));
    uint32_t again = UINT32_MAX;
    OK(plattli_writer_metric(w, "f32", PLATTLI_F32, &again));
    CHECK(again == id[0] && again != id[1]);
    OK(plattli_put_f32(w, id[0], -INFINITY));
    OK(plattli_put_f64(w, id[1], (double)NAN));
    OK(plattli_put_i8(w, id[2], INT8_MAX));
    OK(plattli_put_i16(w, id[3], INT16_MAX));
    OK(plattli_put_i32(w, id[4], INT32_MAX));
    OK(plattli_put_i64(w, id[5], INT64_MAX));
    OK(plattli_put_u8(w, id[6], 0));
    OK(plattli_put_u16(w, id[7], 0));
    OK(plattli_put_u32(w, id[8], 0));
    OK(plattli_put_u64(w, id[9], 0));
    OK(plattli_put_str(w, id[10], "", 0));
    OK(plattli_put_bool(w, bools, false));
    OK(plattli_end_step(w));
    OK(plattli_put_json(w, id[10], "null", 4));
    const double row[] = {1.5, 2.5};
    OK(plattli_put_row_f64(w, id, row, 2)); /* f32 becomes f64 */
    OK(plattli_end_step(w));
    const float singles[] = {1.5F, 2.5F};
    OK(plattli_put_row_f32(w, id, singles, 2));
    OK(plattli_end_step(w));
    CHECK(stats_of(w).rows == 4);
    OK(plattli_finish(w, NULL));
    OK(plattli_writer_close(w));
}

static void values_that_do_not_fit_are_refused_and_leave_the_step_whole(void) {
    plattli_writer *w = open_writer("misfits", NULL);
    uint32_t n = 0, x = 0;
    OK(plattli_writer_metric(w, "solver/n", PLATTLI_I32, &n));
    OK(plattli_writer_metric(w, "x", PLATTLI_F32, &x));
    REFUSED(PLATTLI_ERR_TYPE, "solver/n", plattli_write_f64(w, "solver/n", 1.0));
    REFUSED(PLATTLI_ERR_TYPE, "solver/n", plattli_put_f64(w, n, 1.0));
    REFUSED(PLATTLI_ERR_TYPE, "solver/n", plattli_put_str(w, n, "one", 3));
    REFUSED(PLATTLI_ERR_TYPE, "solver/n", plattli_put_bool(w, n, true));
    OK(plattli_write_u64(w, "solver/n", 3)); /* fits i64 */
    uint32_t untouched = 77;
    REFUSED(PLATTLI_ERR_TYPE, "solver/n", plattli_writer_metric(w, "solver/n", PLATTLI_F64, &untouched));
    CHECK(untouched == 77);
    REFUSED(PLATTLI_ERR_TYPE, "\"x\"", plattli_put_i64(w, x, (INT64_C(1) << 53) + 1));
    OK(plattli_put_i64(w, x, INT64_C(1) << 30));
    REFUSED(PLATTLI_ERR_TYPE, "solver/n", plattli_end_step(w));
    CHECK(stats_of(w).rows == 1);
    const uint32_t ids[] = {x, n};
    const double values[] = {1.0, 2.0};
    EXPECT(PLATTLI_ERR_TYPE, plattli_put_row_f64(w, ids, values, 2));
    OK(plattli_put_f32(w, x, 1.0F)); /* nothing of the refused row was kept */
    EXPECT(PLATTLI_ERR_TYPE, plattli_end_step(w));
    OK(plattli_writer_close(w));
}

static void unknown_numbers_are_refused(void) {
    plattli_writer *w = open_writer("numbers", NULL);
    uint32_t id = 77;
    const int32_t types[] = {0, -1, 12, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof types / sizeof *types; ++i)
        REFUSED(PLATTLI_ERR_ARGUMENT, "dtype", plattli_writer_metric(w, "x", types[i], &id));
    CHECK(id == 77);
    const double value = 1.0;
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_put_f64(w, 0, 1.0));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_put_f64(w, UINT32_MAX, 1.0));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_put_row_f64(w, &id, &value, 1));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_end_step(w));
    const char *const broken[] = {"{", "", "1 2", "{\"a\":}", "\"\\ud800\"", "\xff", "nul"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; ++i)
        EXPECT(PLATTLI_ERR_ARGUMENT, plattli_write_json(w, "j", broken[i], strlen(broken[i])));
    REFUSED(PLATTLI_ERR_ARGUMENT, "UTF-8", plattli_write_str(w, "s", "\xff", 1));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_end_step(w));
    OK(plattli_end_step(w));
    OK(plattli_writer_close(w));
}

static void the_first_error_of_a_step_is_returned_again_by_its_end(void) {
    plattli_writer *w = open_writer("first-error", NULL);
    OK(plattli_write_f64(w, "x", 1.0));
    REFUSED(PLATTLI_ERR_STATE, "\"x\"", plattli_write_f64(w, "x", 2.0));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_write_f64(w, "step", 2.0));
    OK(plattli_write_f64(w, "y", 3.0));
    REFUSED(PLATTLI_ERR_STATE, "\"x\"", plattli_end_step(w));
    plattli_writer_stats stats = stats_of(w);
    CHECK(stats.steps == 1 && stats.rows == 1);
    uint32_t step = 0;
    OK(plattli_writer_step(w, &step));
    CHECK(step == 1);
    OK(plattli_write_f64(w, "x", 2.0));
    OK(plattli_end_step(w));
    OK(plattli_writer_close(w));
}

static void steps_go_forward_only_and_end_at_the_last_one(void) {
    plattli_writer *w = open_writer("steps", NULL);
    uint32_t step = 77;
    OK(plattli_writer_step(w, &step));
    CHECK(step == 0);
    OK(plattli_writer_set_step(w, 0));
    OK(plattli_writer_set_step(w, 100));
    REFUSED(PLATTLI_ERR_STATE, "100", plattli_writer_set_step(w, 99));
    OK(plattli_write_f64(w, "x", 1.0));
    EXPECT(PLATTLI_ERR_STATE, plattli_writer_set_step(w, 200));
    OK(plattli_end_step(w));
    OK(plattli_writer_step(w, &step));
    CHECK(step == 101);
    OK(plattli_writer_set_step(w, UINT32_MAX));
    OK(plattli_write_f64(w, "x", 2.0));
    OK(plattli_end_step(w));
    step = 77;
    EXPECT(PLATTLI_ERR_STATE, plattli_writer_step(w, &step));
    CHECK(step == 77);
    EXPECT(PLATTLI_ERR_STATE, plattli_write_f64(w, "x", 3.0));
    EXPECT(PLATTLI_ERR_STATE, plattli_end_step(w));
    CHECK(stats_of(w).rows == 2);
    OK(plattli_writer_close(w));
}

static void a_flushed_row_is_on_disk_before_its_step_ends(void) {
    plattli_writer *w = open_writer("flushed", NULL);
    OK(plattli_flush(w));
    CHECK(!exists(path("flushed/plattli/hot.jsonl")));
    OK(plattli_write_f64(w, "x", 1.0));
    OK(plattli_flush(w));
    CHECK(exists(path("flushed/plattli/hot.jsonl")));
    OK(plattli_write_f64(w, "y", 1.0));
    OK(plattli_end_step(w));
    OK(plattli_sync(w));
    CHECK(stats_of(w).sync_count > 0);
    OK(plattli_writer_close(w));
}

static void stats_fill_what_the_caller_knows(void) {
    plattli_writer *w = open_writer("stats", NULL);
    OK(plattli_write_f64(w, "x", 1.0));
    OK(plattli_end_step(w));
    plattli_writer_stats stats;
    memset(&stats, 0x55, sizeof stats);
    stats.size = 0;
    REFUSED(PLATTLI_ERR_ARGUMENT, "sizeof(plattli_writer_stats)", plattli_writer_get_stats(w, &stats));
    stats.size = SIZE_MAX;
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_writer_get_stats(w, &stats));
    stats.size = offsetof(plattli_writer_stats, rows);
    OK(plattli_writer_get_stats(w, &stats));
    CHECK(stats.size == offsetof(plattli_writer_stats, rows) && stats.steps == 1);
    CHECK(stats.rows == UINT64_C(0x5555555555555555));
    stats.size = sizeof stats;
    OK(plattli_writer_get_stats(w, &stats));
    CHECK(stats.rows == 1 && stats.pending_rows == 0 && stats.dropped_rows == 0 && stats.shed_steps == 0);
    CHECK(stats.io_errors == 0 && stats.warnings == 0 && stats.bytes_written >= sizeof "{\"step\":0,\"x\":1.0}");
    CHECK(stats.caller_ns_total >= stats.caller_ns_max && stats.caller_ns_max > 0);
    OK(plattli_writer_close(w));
}

static void after_finish_only_stats_and_close_are_legal(void) {
    plattli_writer *w = open_writer("finished", NULL);
    uint32_t id = 0, n = 77;
    OK(plattli_writer_metric(w, "x", PLATTLI_F64, &id));
    OK(plattli_put_f64(w, id, 1.0));
    OK(plattli_finish(w, NULL)); /* the unfinished step is included */
    const double value = 1.0;
    const float single = 1.0F;
    EXPECT(PLATTLI_ERR_STATE, plattli_finish(w, NULL));
    EXPECT(PLATTLI_ERR_STATE, plattli_write_f64(w, "x", 1.0));
    EXPECT(PLATTLI_ERR_STATE, plattli_write_str(w, "s", "a", 1));
    EXPECT(PLATTLI_ERR_STATE, plattli_put_f64(w, id, 1.0));
    EXPECT(PLATTLI_ERR_STATE, plattli_put_row_f64(w, &id, &value, 1));
    EXPECT(PLATTLI_ERR_STATE, plattli_put_row_f32(w, &id, &single, 1));
    EXPECT(PLATTLI_ERR_STATE, plattli_writer_metric(w, "y", PLATTLI_F64, &n));
    EXPECT(PLATTLI_ERR_STATE, plattli_writer_step(w, &n));
    EXPECT(PLATTLI_ERR_STATE, plattli_writer_set_step(w, 9));
    EXPECT(PLATTLI_ERR_STATE, plattli_end_step(w));
    EXPECT(PLATTLI_ERR_STATE, plattli_flush(w));
    EXPECT(PLATTLI_ERR_STATE, plattli_sync(w));
    EXPECT(PLATTLI_ERR_STATE, plattli_writer_set_config(w, "{}", 2));
    CHECK(n == 77);
    CHECK(stats_of(w).rows == 1);
    OK(plattli_writer_close(w));
}

static void closing_keeps_the_current_step_and_finishes_nothing(void) {
    plattli_writer *w = open_writer("closed", NULL);
    OK(plattli_write_f64(w, "x", 1.0));
    OK(plattli_end_step(w));
    OK(plattli_write_f64(w, "x", 2.0));
    OK(plattli_writer_close(w));
    CHECK(!exists(path("closed/metrics.plattli")));
    uint32_t step = 0;
    w = open_writer("closed", NULL);
    OK(plattli_writer_step(w, &step));
    CHECK(step == 2);
    OK(plattli_writer_close(w));
}

/* A disk that refuses: no file may grow beyond a few bytes more than it has. */
static void file_limit(rlim_t bytes) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    limit.rlim_cur = bytes;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static void a_full_disk_is_reported_and_its_rows_come_later(void) {
    plattli_writer *w = open_writer("full", NULL);
    OK(plattli_write_f64(w, "x", 0.0));
    OK(plattli_end_step(w));
    file_limit(40);
    for (int i = 1; i < 5; ++i) {
        OK(plattli_write_f64(w, "x", i));
        int32_t status = plattli_end_step(w);
        if (i > 1) REFUSED(PLATTLI_ERR_IO, "hot.jsonl", status);
    }
    plattli_writer_stats stats = stats_of(w);
    CHECK(stats.pending_rows > 0 && stats.io_errors > 0 && stats.steps == 5);
    uint32_t step = 0;
    OK(plattli_writer_step(w, &step));
    CHECK(step == 5); /* each call ended its step */
    file_limit(RLIM_INFINITY);
    OK(plattli_write_f64(w, "x", 5.0));
    OK(plattli_end_step(w)); /* acknowledges all of them */
    stats = stats_of(w);
    CHECK(stats.rows == 6 && stats.pending_rows == 0 && stats.dropped_rows == 0 && stats.retries > 0);
    OK(plattli_writer_close(w));
}

static void with_the_fail_policy_the_first_error_is_latched(void) {
    plattli_writer_options *o = plattli_writer_options_new();
    OK(plattli_writer_options_set_on_io_error(o, PLATTLI_IO_FAIL));
    plattli_writer *w = open_writer("latched", o);
    OK(plattli_write_f64(w, "x", 0.0));
    OK(plattli_end_step(w));
    file_limit(25);
    OK(plattli_write_f64(w, "x", 1.0));
    REFUSED(PLATTLI_ERR_IO, "hot.jsonl", plattli_end_step(w));
    file_limit(RLIM_INFINITY);
    EXPECT(PLATTLI_ERR_IO, plattli_end_step(w));
    EXPECT(PLATTLI_ERR_IO, plattli_flush(w));
    EXPECT(PLATTLI_ERR_IO, plattli_writer_close(w)); /* says so, and releases */
    OK(plattli_writer_close(open_writer("latched", NULL)));
    plattli_writer_options_free(o);
}

static void an_overloaded_writer_sheds_whole_steps_and_counts_them(void) {
    plattli_writer_options *o = plattli_writer_options_new();
    OK(plattli_writer_options_set_overload(o, PLATTLI_OVERLOAD_SHED));
    OK(plattli_writer_options_set_hotsize(o, 1));
    plattli_writer *w = open_writer("shed", o);
    uint64_t shed = 0, kept = 0;
    uint32_t step = 0;
    while (shed == 0 && step < 2000000) {
        /* Irregular steps keep compaction busy. */
        OK(plattli_writer_set_step(w, step));
        OK(plattli_write_f64(w, "x", step));
        int32_t status = plattli_end_step(w);
        if (status == PLATTLI_OK) {
            ++kept;
        } else {
            EXPECT(PLATTLI_ERR_OVERLOADED, status);
            ++shed;
        }
        step += 1 + step % 7;
    }
    CHECK(shed > 0);
    plattli_writer_stats stats = stats_of(w);
    CHECK(stats.shed_steps == shed && stats.rows == kept && stats.steps == kept + shed);
    OK(plattli_writer_close(w));
    plattli_writer_options_free(o);
}

int main(int argc, char **argv) {
    BEGIN(argc, argv);
    signal(SIGXFSZ, SIG_IGN);
    TEST(opening_says_what_is_wrong);
    TEST(null_is_refused_everywhere);
    TEST(a_null_argument_of_a_write_is_an_error_of_its_step);
    TEST(names_that_cannot_be_stored_are_refused);
    TEST(every_type_is_written_by_name_and_by_number);
    TEST(values_that_do_not_fit_are_refused_and_leave_the_step_whole);
    TEST(unknown_numbers_are_refused);
    TEST(the_first_error_of_a_step_is_returned_again_by_its_end);
    TEST(steps_go_forward_only_and_end_at_the_last_one);
    TEST(a_flushed_row_is_on_disk_before_its_step_ends);
    TEST(stats_fill_what_the_caller_knows);
    TEST(after_finish_only_stats_and_close_are_legal);
    TEST(closing_keeps_the_current_step_and_finishes_nothing);
    TEST(a_full_disk_is_reported_and_its_rows_come_later);
    TEST(with_the_fail_policy_the_first_error_is_latched);
    TEST(an_overloaded_writer_sheds_whole_steps_and_counts_them);
    return 0;
}
