/* A reader: what it finds, what it gives, what it refuses, and how long what it gave may be used. */
#include "check.h"
#include <math.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS = 50 };

static plattli_reader *open_reader(const char *name, const plattli_reader_options *options) {
    plattli_reader *reader = NULL;
    OK(plattli_reader_open(path(name), options, &reader));
    CHECK(reader != NULL);
    return reader;
}

static void write_steps(plattli_writer *w, uint32_t from, uint32_t to) {
    for (uint32_t step = from; step < to; ++step) {
        char note[32];
        int len = snprintf(note, sizeof note, "step \"%u\"", step);
        OK(plattli_write_f64(w, "x", step / 4.0));
        OK(plattli_write_f32(w, "single", (float)step));
        OK(plattli_write_i32(w, "solver/n", -(int32_t)step));
        OK(plattli_write_u64(w, "big", UINT64_MAX - step));
        if (step % 5 == 0) OK(plattli_write_str(w, "note", note, (size_t)len));
        OK(plattli_end_step(w));
    }
}

/* A live run with compacted and uncompacted rows: always the same ones, because nothing happens in the background. */
static plattli_writer *live_run(const char *name) {
    plattli_writer_options *o = plattli_writer_options_new();
    OK(plattli_writer_options_set_hotsize(o, 8));
    OK(plattli_writer_options_set_threads(o, 0));
    OK(plattli_writer_options_set_config_json(o, "{\"dt\": 0.5}", 11));
    plattli_writer *w = open_writer(name, o);
    plattli_writer_options_free(o);
    write_steps(w, 0, ROWS);
    return w;
}

static const char *const names[] = {"big", "note", "single", "solver/n", "x"};
enum { METRICS = sizeof names / sizeof *names };

static void what_is_in_the_run(plattli_reader *r) {
    size_t count = 0;
    OK(plattli_reader_metric_count(r, &count));
    CHECK(count == METRICS);
    const char *name = NULL, *first = NULL;
    for (size_t i = 0; i < count; ++i) {
        OK(plattli_reader_metric_name(r, i, &name));
        CHECK(strcmp(name, names[i]) == 0);
        if (i == 0) first = name;
    }
    CHECK(strcmp(first, names[0]) == 0); /* borrowed, and still there */
    REFUSED(PLATTLI_ERR_NOT_FOUND, "5", plattli_reader_metric_name(r, METRICS, &name));
    plattli_metric_info info = {.size = sizeof info};
    OK(plattli_reader_metric_info(r, "x", &info));
    CHECK(info.dtype == PLATTLI_F64 && info.rows == ROWS && info.monotonic == 1);
    CHECK(info.first_step == 0 && info.last_step == ROWS - 1);
    OK(plattli_reader_metric_info(r, "note", &info));
    CHECK(info.dtype == PLATTLI_JSON && info.rows == ROWS / 5 && info.monotonic == 0 && info.last_step == ROWS - 5);
    OK(plattli_reader_metric_info(r, "solver/n", &info));
    CHECK(info.monotonic == -1);
    info.size = offsetof(plattli_metric_info, rows);
    info.rows = 77;
    OK(plattli_reader_metric_info(r, "x", &info));
    CHECK(info.rows == 77 && info.dtype == PLATTLI_F64);
    info.size = 0;
    REFUSED(PLATTLI_ERR_ARGUMENT, "sizeof(plattli_metric_info)", plattli_reader_metric_info(r, "x", &info));
    info.size = sizeof info;
    REFUSED(PLATTLI_ERR_NOT_FOUND, "\"y\"", plattli_reader_metric_info(r, "y", &info));
    uint64_t rows = 77;
    OK(plattli_reader_rows(r, "note", &rows));
    CHECK(rows == ROWS / 5);
    REFUSED(PLATTLI_ERR_NOT_FOUND, "\"y\"", plattli_reader_rows(r, "y", &rows));
    CHECK(rows == ROWS / 5);
    OK(plattli_reader_approx_max_rows(r, 12, &rows));
    CHECK(rows <= ROWS);
    const char *json = NULL, *time = NULL;
    size_t len = 0;
    OK(plattli_reader_config(r, &json, &len));
    CHECK(len >= 11 && memcmp(json, "{\"dt\": 0.5}", 11) == 0);
    OK(plattli_reader_when_exported(r, &time));
    CHECK(strlen(time) == strlen("2026-11-20T05:08:13Z"));
    REFUSED(PLATTLI_ERR_NOT_FOUND, "warning 0", plattli_reader_warnings(r, 0, &name));
}

static void selections_of(plattli_reader *r) {
    uint32_t steps[ROWS];
    double values[ROWS];
    size_t n = 77;
    OK(plattli_read_f64(r, "x", NULL, steps, values, ROWS, &n));
    CHECK(n == ROWS);
    for (uint32_t i = 0; i < ROWS; ++i) CHECK(steps[i] == i && !(values[i] < i / 4.0) && !(values[i] > i / 4.0));
    plattli_selection s = {.kind = PLATTLI_STEPS, .bounds = 3, .start = 5, .stop = 7};
    OK(plattli_read_f64(r, "x", &s, steps, values, ROWS, &n));
    CHECK(n == 3 && steps[0] == 5 && steps[2] == 7);
    s.bounds = 2;
    OK(plattli_read_f64(r, "x", &s, NULL, values, ROWS, &n)); /* steps are not wanted */
    CHECK(n == 8);
    s = (plattli_selection){.kind = PLATTLI_STEPS, .bounds = 3, .start = 7, .stop = 5};
    OK(plattli_read_f64(r, "x", &s, steps, values, ROWS, &n));
    CHECK(n == 0);
    s = (plattli_selection){.kind = PLATTLI_VALUES, .bounds = 3, .vstart = 1.0, .vstop = 2.0};
    OK(plattli_read_f64(r, "x", &s, steps, values, ROWS, &n));
    CHECK(n == 5 && steps[0] == 4 && steps[4] == 8);
    s = (plattli_selection){.kind = PLATTLI_POSITIONS, .bounds = 1, .start = -2};
    OK(plattli_read_f64(r, "x", &s, steps, values, ROWS, &n));
    CHECK(n == 2 && steps[0] == ROWS - 2 && steps[1] == ROWS - 1);
    s = (plattli_selection){0};
    OK(plattli_read_f64(r, "x", &s, steps, values, ROWS, &n));
    CHECK(n == ROWS);
    const int32_t strangers[] = {-1, 4, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; ++i) {
        s = (plattli_selection){.kind = strangers[i]};
        REFUSED(PLATTLI_ERR_ARGUMENT, "selection", plattli_read_f64(r, "x", &s, steps, values, ROWS, &n));
        s = (plattli_selection){.kind = PLATTLI_STEPS, .bounds = strangers[i]};
        REFUSED(PLATTLI_ERR_ARGUMENT, "selection", plattli_read_f64(r, "x", &s, steps, values, ROWS, &n));
    }
    s = (plattli_selection){.kind = PLATTLI_VALUES, .bounds = 1};
    EXPECT(PLATTLI_ERR_TYPE, plattli_read_f64(r, "note", &s, steps, values, ROWS, &n));
}

static void buffers_of(plattli_reader *r) {
    double values[ROWS];
    float singles[ROWS];
    int64_t integers[ROWS];
    uint64_t naturals[ROWS];
    uint32_t steps[ROWS];
    memset(values, 0x55, sizeof values);
    memset(steps, 0x55, sizeof steps);
    const double before = values[0];
    size_t n = 77;
    /* Asking for the size. */
    REFUSED(PLATTLI_ERR_BUFFER, "x", plattli_read_f64(r, "x", NULL, NULL, NULL, 0, &n));
    CHECK(n == ROWS);
    n = 77;
    EXPECT(PLATTLI_ERR_BUFFER, plattli_read_f64(r, "x", NULL, steps, values, ROWS - 1, &n));
    CHECK(n == ROWS && memcmp(&values[0], &before, sizeof before) == 0 && steps[0] == UINT32_C(0x55555555));
    OK(plattli_read_f64(r, "x", NULL, steps, values, n, &n));
    EXPECT(PLATTLI_ERR_BUFFER, plattli_read_f32(r, "single", NULL, NULL, NULL, 0, &n));
    OK(plattli_read_f32(r, "single", NULL, steps, singles, ROWS, &n));
    CHECK(n == ROWS && !(singles[7] < 7) && !(singles[7] > 7));
    EXPECT(PLATTLI_ERR_BUFFER, plattli_read_i64(r, "solver/n", NULL, NULL, NULL, 0, &n));
    OK(plattli_read_i64(r, "solver/n", NULL, steps, integers, ROWS, &n));
    CHECK(n == ROWS && integers[7] == -7);
    EXPECT(PLATTLI_ERR_BUFFER, plattli_read_u64(r, "big", NULL, NULL, NULL, 0, &n));
    OK(plattli_read_u64(r, "big", NULL, steps, naturals, ROWS, &n));
    CHECK(n == ROWS && naturals[7] == UINT64_MAX - 7);
    /* What cannot be that type. */
    EXPECT(PLATTLI_ERR_TYPE, plattli_read_i64(r, "big", NULL, steps, integers, ROWS, &n));
    EXPECT(PLATTLI_ERR_TYPE, plattli_read_u64(r, "solver/n", NULL, steps, naturals, ROWS, &n));
    EXPECT(PLATTLI_ERR_TYPE, plattli_read_f64(r, "note", NULL, steps, values, ROWS, &n));
    n = 77;
    REFUSED(PLATTLI_ERR_NOT_FOUND, "\"y\"", plattli_read_f64(r, "y", NULL, steps, values, ROWS, &n));
    REFUSED(PLATTLI_ERR_ARGUMENT, "values is NULL", plattli_read_f64(r, "x", NULL, steps, NULL, ROWS, &n));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out_len is NULL", plattli_read_f64(r, "x", NULL, steps, values, ROWS, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "name is NULL", plattli_read_f64(r, NULL, NULL, steps, values, ROWS, &n));
    CHECK(n == 77);
}

static void columns_of(plattli_reader *r) {
    plattli_column *c = NULL;
    OK(plattli_reader_column(r, "solver/n", NULL, PLATTLI_STANDARD, &c));
    CHECK(plattli_column_len(c) == ROWS && plattli_column_dtype(c) == PLATTLI_I64);
    CHECK(plattli_column_steps(c)[9] == 9 && ((const int64_t *)plattli_column_values(c))[9] == -9);
    const char *text = NULL;
    size_t len = 77;
    EXPECT(PLATTLI_ERR_TYPE, plattli_column_json(c, 0, &text, &len));
    CHECK(text == NULL && len == 77);
    plattli_column_free(c);
    OK(plattli_reader_column(r, "solver/n", NULL, PLATTLI_STORAGE, &c));
    CHECK(plattli_column_dtype(c) == PLATTLI_I32 || plattli_column_dtype(c) == PLATTLI_I8);
    plattli_column_free(c);
    OK(plattli_reader_column(r, "solver/n", NULL, PLATTLI_F32, &c));
    CHECK(plattli_column_dtype(c) == PLATTLI_F32);
    const float nine = ((const float *)plattli_column_values(c))[9];
    CHECK(!(nine < -9) && !(nine > -9));
    plattli_column_free(c);
    OK(plattli_reader_column(r, "note", NULL, PLATTLI_STANDARD, &c));
    CHECK(plattli_column_dtype(c) == PLATTLI_JSON && plattli_column_values(c) == NULL);
    CHECK(plattli_column_steps(c)[2] == 10);
    OK(plattli_column_json(c, 2, &text, &len));
    CHECK(len == strlen("\"step \\\"10\\\"\"") && memcmp(text, "\"step \\\"10\\\"\"", len) == 0);
    EXPECT(PLATTLI_ERR_NOT_FOUND, plattli_column_json(c, ROWS / 5, &text, &len));
    EXPECT(PLATTLI_ERR_NOT_FOUND, plattli_column_json(c, SIZE_MAX, &text, &len));
    REFUSED(PLATTLI_ERR_ARGUMENT, "text is NULL", plattli_column_json(c, 0, NULL, &len));
    REFUSED(PLATTLI_ERR_ARGUMENT, "len is NULL", plattli_column_json(c, 0, &text, NULL));
    plattli_column_free(c);
    c = NULL;
    EXPECT(PLATTLI_ERR_TYPE, plattli_reader_column(r, "solver/n", NULL, PLATTLI_U8, &c));
    EXPECT(PLATTLI_ERR_TYPE, plattli_reader_column(r, "big", NULL, PLATTLI_STANDARD, &c));
    REFUSED(PLATTLI_ERR_NOT_FOUND, "\"y\"", plattli_reader_column(r, "y", NULL, PLATTLI_STANDARD, &c));
    const int32_t strangers[] = {-2, 12, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; ++i)
        EXPECT(PLATTLI_ERR_ARGUMENT, plattli_reader_column(r, "x", NULL, strangers[i], &c));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_reader_column(r, "x", NULL, PLATTLI_STANDARD, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "name is NULL", plattli_reader_column(r, NULL, NULL, PLATTLI_STANDARD, &c));
    CHECK(c == NULL);
    CHECK(plattli_column_len(NULL) == 0 && plattli_column_steps(NULL) == NULL && plattli_column_values(NULL) == NULL);
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_column_json(NULL, 0, &text, &len));
    (void)plattli_column_dtype(NULL);
    plattli_column_free(NULL);
}

static void tables_of(plattli_reader *r) {
    const char *const both[] = {"x", "note"};
    plattli_table *t = NULL;
    OK(plattli_reader_table(r, both, 2, NULL, NULL, PLATTLI_STANDARD, &t));
    CHECK(plattli_table_len(t) == ROWS / 5 && plattli_table_steps(t)[3] == 15);
    const plattli_column *c = NULL;
    OK(plattli_table_column(t, 0, &c));
    CHECK(plattli_column_len(c) == ROWS / 5 && plattli_column_steps(c)[3] == 15);
    const double value = ((const double *)plattli_column_values(c))[3];
    CHECK(!(value < 15 / 4.0) && !(value > 15 / 4.0));
    OK(plattli_table_column(t, 1, &c));
    CHECK(plattli_column_dtype(c) == PLATTLI_JSON);
    EXPECT(PLATTLI_ERR_NOT_FOUND, plattli_table_column(t, 2, &c));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_table_column(t, 0, NULL));
    plattli_table_free(t);
    const plattli_selection s = {.kind = PLATTLI_STEPS, .bounds = 3, .start = 10, .stop = 20};
    OK(plattli_reader_table(r, both, 2, "note", &s, PLATTLI_STANDARD, &t));
    CHECK(plattli_table_len(t) == 3);
    plattli_table_free(t);
    t = NULL;
    const char *const bad[] = {"x", NULL}, *const unknown[] = {"x", "y"};
    REFUSED(PLATTLI_ERR_ARGUMENT, "names[1] is NULL", plattli_reader_table(r, bad, 2, NULL, NULL, 0, &t));
    REFUSED(PLATTLI_ERR_ARGUMENT, "names is NULL", plattli_reader_table(r, NULL, 2, NULL, NULL, 0, &t));
    REFUSED(PLATTLI_ERR_NOT_FOUND, "\"y\"", plattli_reader_table(r, unknown, 2, NULL, NULL, 0, &t));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_reader_table(r, both, 2, NULL, NULL, 0, NULL));
    CHECK(t == NULL && plattli_table_len(NULL) == 0 && plattli_table_steps(NULL) == NULL);
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_table_column(NULL, 0, &c));
    plattli_table_free(NULL);
}

static void a_run_is_read_live_then_as_an_archive(void) {
    plattli_writer *w = live_run("run");
    plattli_reader *r = open_reader("run", NULL);
    what_is_in_the_run(r);
    selections_of(r);
    buffers_of(r);
    columns_of(r);
    tables_of(r);
    plattli_reader_close(r);
    OK(plattli_finish(w, NULL));
    OK(plattli_writer_close(w));
    r = open_reader("run", NULL);
    what_is_in_the_run(r);
    selections_of(r);
    buffers_of(r);
    columns_of(r);
    tables_of(r);
    plattli_reader_close(r);
}

static void a_reader_sees_new_rows_after_a_refresh_only(void) {
    plattli_writer *w = live_run("refreshed");
    plattli_reader *r = open_reader("refreshed", NULL);
    plattli_column *c = NULL;
    OK(plattli_reader_column(r, "x", NULL, PLATTLI_STANDARD, &c));
    write_steps(w, ROWS, 2 * ROWS);
    uint64_t rows = 0;
    OK(plattli_reader_rows(r, "x", &rows));
    CHECK(rows == ROWS);
    OK(plattli_reader_refresh(r));
    OK(plattli_reader_rows(r, "x", &rows));
    CHECK(rows == 2 * ROWS);
    plattli_reader_close(r);
    CHECK(plattli_column_len(c) == ROWS && plattli_column_steps(c)[ROWS - 1] == ROWS - 1); /* outlives it all */
    plattli_column_free(c);
    OK(plattli_writer_close(w));
}

static void opening_says_what_is_missing(void) {
    plattli_reader *const untouched = (plattli_reader *)(void *)&untouched;
    plattli_reader *r = untouched;
    REFUSED(PLATTLI_ERR_NOT_FOUND, "nothing-here", plattli_reader_open(path("nothing-here"), NULL, &r));
    REFUSED(PLATTLI_ERR_ARGUMENT, "path is NULL", plattli_reader_open(NULL, NULL, &r));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_reader_open(path("run"), NULL, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "path is not UTF-8", plattli_reader_open("\xff", NULL, &r));
    plattli_reader_options *o = plattli_reader_options_new();
    OK(plattli_reader_options_set_kind(o, PLATTLI_KIND_FOLDER));
    REFUSED(PLATTLI_ERR_NOT_FOUND, "run", plattli_reader_open(path("run"), o, &r)); /* it is an archive by now */
    CHECK(r == untouched);
    OK(plattli_reader_options_set_kind(o, PLATTLI_KIND_ARCHIVE));
    plattli_reader_close(open_reader("run", o));
    OK(plattli_reader_options_set_kind(o, PLATTLI_KIND_AUTO));
    REFUSED(PLATTLI_ERR_ARGUMENT, "kind", plattli_reader_options_set_kind(o, 3));
    REFUSED(PLATTLI_ERR_ARGUMENT, "kind", plattli_reader_options_set_kind(o, -1));
    plattli_reader_options_free(o);
    plattli_reader_options_free(NULL);
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_reader_options_set_kind(NULL, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_reader_options_set_exclude_hot(NULL, true));
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_reader_options_set_strict(NULL, true));
}

static void hot_rows_are_left_out_on_request(void) {
    plattli_writer *w = live_run("hot");
    OK(plattli_writer_close(w));
    plattli_reader_options *o = plattli_reader_options_new();
    OK(plattli_reader_options_set_exclude_hot(o, true));
    plattli_reader *r = open_reader("hot", o);
    uint64_t rows = 77;
    OK(plattli_reader_rows(r, "x", &rows));
    CHECK(rows == ROWS - ROWS % 8);
    plattli_reader_close(r);
    plattli_reader_options_free(o);
}

static void a_broken_line_is_a_warning_or_with_strict_an_error(void) {
    plattli_writer *w = open_writer("broken", NULL);
    for (int i = 0; i < 3; ++i) {
        OK(plattli_write_f64(w, "x", 1.0));
        OK(plattli_end_step(w));
    }
    OK(plattli_writer_close(w));
    write_file(path("broken/plattli/hot.jsonl"), "{\"step\":0,\"x\":1.0}\n{\"step\":1,\"x\"1.0}\n{\"step\":2,\"x\":1.0}\n");
    plattli_reader *r = open_reader("broken", NULL);
    uint64_t rows = 0;
    OK(plattli_reader_rows(r, "x", &rows));
    CHECK(rows == 2);
    const char *text = NULL;
    OK(plattli_reader_warnings(r, 0, &text));
    CHECK(strstr(text, "hot.jsonl") != NULL);
    REFUSED(PLATTLI_ERR_NOT_FOUND, "warning 1", plattli_reader_warnings(r, 1, &text));
    REFUSED(PLATTLI_ERR_ARGUMENT, "text is NULL", plattli_reader_warnings(r, 0, NULL));
    plattli_reader_close(r);
    plattli_reader_options *o = plattli_reader_options_new();
    OK(plattli_reader_options_set_strict(o, true));
    r = NULL;
    REFUSED(PLATTLI_ERR_CORRUPT, "hot.jsonl", plattli_reader_open(path("broken"), o, &r));
    CHECK(r == NULL);
    plattli_reader_options_free(o);
}

static void null_readers_and_outputs_are_refused(void) {
    plattli_reader *const no = NULL;
    const char *const text = "reader is NULL";
    size_t n = 77;
    uint64_t rows = 77;
    const char *out = NULL;
    double value = 0;
    float single = 0;
    int64_t integer = 0;
    plattli_column *c = NULL;
    plattli_table *t = NULL;
    const char *const one[] = {"x"};
    plattli_metric_info info = {.size = sizeof info};
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_reader_refresh(no));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_reader_metric_count(no, &n));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_reader_metric_name(no, 0, &out));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_reader_metric_info(no, "x", &info));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_reader_config(no, &out, &n));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_reader_when_exported(no, &out));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_reader_rows(no, "x", &rows));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_reader_approx_max_rows(no, 12, &rows));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_reader_warnings(no, 0, &out));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_reader_column(no, "x", NULL, 0, &c));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_reader_table(no, one, 1, NULL, NULL, 0, &t));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_read_f64(no, "x", NULL, NULL, &value, 1, &n));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_read_f32(no, "x", NULL, NULL, &single, 1, &n));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_read_i64(no, "x", NULL, NULL, &integer, 1, &n));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_read_u64(no, "x", NULL, NULL, &rows, 1, &n));
    plattli_reader_close(no);
    plattli_reader *r = open_reader("run", NULL);
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_reader_metric_count(r, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_reader_metric_name(r, 0, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_reader_metric_info(r, "x", NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "name is NULL", plattli_reader_metric_info(r, NULL, &info));
    REFUSED(PLATTLI_ERR_ARGUMENT, "json is NULL", plattli_reader_config(r, NULL, &n));
    REFUSED(PLATTLI_ERR_ARGUMENT, "len is NULL", plattli_reader_config(r, &out, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_reader_when_exported(r, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_reader_rows(r, "x", NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_reader_approx_max_rows(r, 12, NULL));
    CHECK(n == 77 && rows == 77 && out == NULL && c == NULL && t == NULL);
    plattli_reader_close(r);
}

static void *reads_on(void *reader) {
    for (int i = 0; i < 100; ++i) {
        double values[2 * ROWS];
        size_t n = 0;
        const char *name = NULL;
        OK(plattli_read_f64(reader, "x", NULL, NULL, values, 2 * ROWS, &n));
        CHECK(n == ROWS && !(values[ROWS - 1] > (ROWS - 1) / 4.0));
        OK(plattli_reader_metric_name(reader, 4, &name));
        CHECK(strcmp(name, "x") == 0);
    }
    return NULL;
}

static void threads_share_a_reader(void) {
    plattli_reader *r = open_reader("run", NULL);
    pthread_t threads[2];
    for (int i = 0; i < 2; ++i) CHECK(pthread_create(&threads[i], NULL, reads_on, r) == 0);
    for (int i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
    plattli_reader_close(r);
}

static void a_forked_child_keeps_columns_and_opens_its_own_reader(void) {
    plattli_reader *r = open_reader("run", NULL);
    plattli_column *c = NULL;
    OK(plattli_reader_column(r, "x", NULL, PLATTLI_STANDARD, &c));
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        size_t n = 77;
        REFUSED(PLATTLI_ERR_FORKED, "reader", plattli_reader_metric_count(r, &n));
        EXPECT(PLATTLI_ERR_FORKED, plattli_reader_refresh(r));
        CHECK(n == 77 && plattli_column_len(c) == ROWS);
        plattli_column_free(c);
        plattli_reader_close(r);
        r = open_reader("run", NULL);
        OK(plattli_reader_metric_count(r, &n));
        plattli_reader_close(r);
        _exit(n == METRICS ? 0 : 1);
    }
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    plattli_column_free(c);
    plattli_reader_close(r);
}

int main(int argc, char **argv) {
    BEGIN(argc, argv);
    TEST(a_run_is_read_live_then_as_an_archive);
    TEST(a_reader_sees_new_rows_after_a_refresh_only);
    TEST(opening_says_what_is_missing);
    TEST(hot_rows_are_left_out_on_request);
    TEST(a_broken_line_is_a_warning_or_with_strict_an_error);
    TEST(null_readers_and_outputs_are_refused);
    TEST(threads_share_a_reader);
    TEST(a_forked_child_keeps_columns_and_opens_its_own_reader);
    return 0;
}
