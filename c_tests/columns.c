/* A reader, from C: what a writer wrote, live and archived, and every way to ask wrongly. */
#include "check.h"
#include <math.h>

static const char *const names[] = {"note", "residual", "solver/iters"};

/* Ten steps: residual at each, iterations at every second, a note at step 3; hot and cold rows alike. */
static plattli_writer *small_run(const char *name) {
    plattli_writer_options *o = plattli_writer_options_new();
    OK(plattli_writer_options_set_hotsize(o, 4));
    OK(plattli_writer_options_set_threads(o, 0));
    OK(plattli_writer_options_set_config_json(o, "{\"dt\": 0.5}", 11));
    plattli_writer *w = open_writer(name, o);
    plattli_writer_options_free(o);
    for (int step = 0; step < 10; ++step) {
        OK(plattli_write_f64(w, "residual", step == 5 ? NAN : 1.0 / (step + 1)));
        if (step % 2 == 0) OK(plattli_write_i32(w, "solver/iters", step * 100));
        if (step == 3) OK(plattli_write_str(w, "note", "caf\xc3\xa9 \"3\"", 9));
        OK(plattli_end_step(w));
    }
    return w;
}

static plattli_reader *open_reader(const char *name, const plattli_reader_options *options) {
    plattli_reader *reader = NULL;
    OK(plattli_reader_open(path(name), options, &reader));
    CHECK(reader != NULL);
    return reader;
}

static void reads_all(plattli_reader *r, int32_t iters_dtype) {
    size_t n = 99, len = 99;
    const char *text = NULL;
    OK(plattli_reader_metric_count(r, &n));
    CHECK(n == 3);
    for (size_t i = 0; i < n; ++i) {
        OK(plattli_reader_metric_name(r, i, &text));
        CHECK(strcmp(text, names[i]) == 0);
    }
    EXPECT(PLATTLI_ERR_NOT_FOUND, plattli_reader_metric_name(r, n, &text));

    plattli_metric_info info = {.size = sizeof info};
    OK(plattli_reader_metric_info(r, "solver/iters", &info));
    CHECK(info.dtype == iters_dtype && info.monotonic == 1 && info.rows == 5);
    CHECK(info.first_step == 0 && info.last_step == 8);
    OK(plattli_reader_metric_info(r, "residual", &info));
    CHECK(info.dtype == PLATTLI_F64 && info.monotonic == 0 && info.rows == 10 && info.last_step == 9);
    OK(plattli_reader_config(r, &text, &len));
    CHECK(len == 11 && memcmp(text, "{\"dt\": 0.5}", len) == 0);
    OK(plattli_reader_when_exported(r, &text));
    CHECK(strlen(text) == 20 && text[19] == 'Z');
    uint64_t rows = 0;
    OK(plattli_reader_rows(r, "note", &rows));
    CHECK(rows == 1);
    EXPECT(PLATTLI_ERR_NOT_FOUND, plattli_reader_warnings(r, 0, &text));

    double values[10];
    uint32_t steps[10];
    OK(plattli_read_f64(r, "residual", NULL, steps, values, 10, &len));
    CHECK(len == 10 && steps[9] == 9 && values[0] == 1.0 && values[9] == 0.1 && isnan(values[5]));
    int64_t whole[5];
    OK(plattli_read_i64(r, "solver/iters", NULL, NULL, whole, 5, &len));
    CHECK(len == 5 && whole[4] == 800);
    float narrow[1];
    const plattli_selection last = {.kind = PLATTLI_POSITIONS, .bounds = 1, .start = -1};
    OK(plattli_read_f32(r, "residual", &last, steps, narrow, 1, &len));
    CHECK(len == 1 && steps[0] == 9 && narrow[0] == 0.1F);
    uint64_t natural[5];
    const plattli_selection middle = {.kind = PLATTLI_STEPS, .bounds = 3, .start = 3, .stop = 6};
    OK(plattli_read_u64(r, "solver/iters", &middle, steps, natural, 5, &len));
    CHECK(len == 2 && steps[0] == 4 && natural[1] == 600);

    plattli_column *column = NULL;
    const plattli_selection large = {.kind = PLATTLI_VALUES, .bounds = 1, .vstart = 399.5};
    OK(plattli_reader_column(r, "solver/iters", &large, PLATTLI_STANDARD, &column));
    CHECK(plattli_column_len(column) == 3 && plattli_column_dtype(column) == PLATTLI_I64);
    CHECK(plattli_column_steps(column)[0] == 4 && ((const int64_t *)plattli_column_values(column))[2] == 800);
    EXPECT(PLATTLI_ERR_TYPE, plattli_column_json(column, 0, &text, &len));
    plattli_column_free(column);
    OK(plattli_reader_column(r, "note", NULL, PLATTLI_STANDARD, &column));
    CHECK(plattli_column_dtype(column) == PLATTLI_JSON && plattli_column_values(column) == NULL);
    OK(plattli_column_json(column, 0, &text, &len));
    CHECK(len == 13 && memcmp(text, "\"caf\xc3\xa9 \\\"3\\\"\"", len) == 0);
    EXPECT(PLATTLI_ERR_NOT_FOUND, plattli_column_json(column, 1, &text, &len));
    plattli_column_free(column);

    plattli_table *table = NULL;
    const plattli_column *part = NULL;
    const char *const both[] = {"residual", "solver/iters"};
    OK(plattli_reader_table(r, both, 2, NULL, NULL, PLATTLI_STORAGE, &table));
    CHECK(plattli_table_len(table) == 5 && plattli_table_steps(table)[4] == 8);
    OK(plattli_table_column(table, 0, &part));
    CHECK(plattli_column_len(part) == 5 && ((const double *)plattli_column_values(part))[1] == 1.0 / 3);
    EXPECT(PLATTLI_ERR_NOT_FOUND, plattli_table_column(table, 2, &part));
    plattli_table_free(table);
    OK(plattli_reader_table(r, both, 2, "solver/iters", &large, PLATTLI_STANDARD, &table));
    CHECK(plattli_table_len(table) == 3 && plattli_table_steps(table)[0] == 4);
    plattli_table_free(table);
}

static void a_live_run_and_its_archive_read_the_same(void) {
    plattli_writer *w = small_run("run");
    plattli_reader *live = open_reader("run", NULL);
    reads_all(live, PLATTLI_I32);
    OK(plattli_write_f64(w, "residual", 7));
    OK(plattli_end_step(w));
    reads_all(live, PLATTLI_I32); /* it stays what it was ... */
    uint64_t rows = 0;
    OK(plattli_reader_refresh(live));
    OK(plattli_reader_rows(live, "residual", &rows));
    CHECK(rows == 11); /* ... until it is refreshed */
    OK(plattli_writer_close(w));
    plattli_reader_close(live);

    w = small_run("done");
    live = open_reader("done", NULL);
    OK(plattli_finish(w, NULL));
    reads_all(live, PLATTLI_U16); /* the folder has gone, the rows have not */
    OK(plattli_writer_close(w));
    plattli_reader *r = open_reader("done", NULL);
    reads_all(r, PLATTLI_U16);
    OK(plattli_reader_approx_max_rows(r, 0, &rows));
    CHECK(rows == 10);
    plattli_reader_close(live);
    plattli_reader_close(r);
}

static void columns_outlive_their_reader(void) {
    plattli_reader *r = open_reader("done", NULL);
    plattli_column *column = NULL;
    plattli_table *table = NULL;
    OK(plattli_reader_column(r, "residual", NULL, PLATTLI_F32, &column));
    OK(plattli_reader_table(r, names, 3, NULL, NULL, PLATTLI_JSON, &table));
    plattli_reader_close(r);
    CHECK(((const float *)plattli_column_values(column))[1] == 0.5F);
    CHECK(plattli_table_len(table) == 0);
    plattli_column_free(column);
    plattli_table_free(table);
}

static void a_buffer_that_is_too_small_is_left_alone(void) {
    plattli_reader *r = open_reader("done", NULL);
    double values[9] = {-1};
    uint32_t steps[9] = {77};
    size_t len = 99;
    REFUSED(PLATTLI_ERR_BUFFER, "10", plattli_read_f64(r, "residual", NULL, steps, values, 9, &len));
    CHECK(len == 10 && values[0] == -1 && steps[0] == 77);
    len = 99;
    EXPECT(PLATTLI_ERR_BUFFER, plattli_read_f64(r, "residual", NULL, NULL, NULL, 0, &len));
    CHECK(len == 10);
    const plattli_selection none = {.kind = PLATTLI_STEPS, .bounds = 1, .start = 1000};
    OK(plattli_read_f64(r, "residual", &none, NULL, NULL, 0, &len));
    CHECK(len == 0);
    plattli_reader_close(r);
}

static void wrong_questions_are_refused(void) {
    plattli_reader *const untouched = (plattli_reader *)(void *)&untouched;
    plattli_reader *r = untouched;
    REFUSED(PLATTLI_ERR_NOT_FOUND, "nowhere", plattli_reader_open(path("nowhere"), NULL, &r));
    REFUSED(PLATTLI_ERR_ARGUMENT, "path is NULL", plattli_reader_open(NULL, NULL, &r));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_reader_open(path("done"), NULL, NULL));
    CHECK(r == untouched);
    plattli_reader_options *o = plattli_reader_options_new();
    REFUSED(PLATTLI_ERR_ARGUMENT, "kind", plattli_reader_options_set_kind(o, 3));
    OK(plattli_reader_options_set_strict(o, true));
    OK(plattli_reader_options_set_exclude_hot(o, true));
    OK(plattli_reader_options_set_kind(o, PLATTLI_KIND_FOLDER));
    EXPECT(PLATTLI_ERR_NOT_FOUND, plattli_reader_open(path("done"), o, &r));
    OK(plattli_reader_options_set_kind(o, PLATTLI_KIND_ARCHIVE));
    OK(plattli_reader_open(path("done"), o, &r));
    plattli_reader_options_free(o);
    plattli_reader_options_free(NULL);

    plattli_column *column = NULL;
    size_t len = 0;
    double value = 0;
    uint64_t rows = 0;
    plattli_selection s = {.kind = 4};
    plattli_metric_info info = {.size = 0};
    REFUSED(PLATTLI_ERR_ARGUMENT, "kind", plattli_reader_column(r, "note", &s, 0, &column));
    s = (plattli_selection){.kind = PLATTLI_ALL, .bounds = 4};
    REFUSED(PLATTLI_ERR_ARGUMENT, "bounds", plattli_reader_column(r, "note", &s, 0, &column));
    REFUSED(PLATTLI_ERR_ARGUMENT, "12", plattli_reader_column(r, "note", NULL, 12, &column));
    REFUSED(PLATTLI_ERR_NOT_FOUND, "nope", plattli_reader_column(r, "nope", NULL, 0, &column));
    REFUSED(PLATTLI_ERR_TYPE, "note", plattli_read_f64(r, "note", NULL, NULL, &value, 1, &len));
    REFUSED(PLATTLI_ERR_TYPE, "residual", plattli_reader_column(r, "residual", NULL, PLATTLI_I64, &column));
    s = (plattli_selection){.kind = PLATTLI_VALUES, .bounds = 2, .vstop = 1};
    EXPECT(PLATTLI_ERR_TYPE, plattli_reader_column(r, "note", &s, 0, &column));
    plattli_table *table = NULL;
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_reader_table(r, names, 3, NULL, &s, 0, &table));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_reader_table(r, NULL, 0, NULL, NULL, 0, &table));
    REFUSED(PLATTLI_ERR_ARGUMENT, "names is NULL", plattli_reader_table(r, NULL, 1, NULL, NULL, 0, &table));
    REFUSED(PLATTLI_ERR_ARGUMENT, "size", plattli_reader_metric_info(r, "note", &info));
    REFUSED(PLATTLI_ERR_ARGUMENT, "name is NULL", plattli_reader_rows(r, NULL, &rows));
    REFUSED(PLATTLI_ERR_ARGUMENT, "values is NULL", plattli_read_f64(r, "note", NULL, NULL, NULL, 1, &len));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out_len is NULL", plattli_read_f64(r, "note", NULL, NULL, &value, 1, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "reader is NULL", plattli_reader_refresh(NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "column is NULL", plattli_column_json(NULL, 0, NULL, NULL));
    CHECK(column == NULL && table == NULL && rows == 0 && len == 0);
    plattli_reader_close(r);
    plattli_reader_close(NULL);
    plattli_column_free(NULL);
    plattli_table_free(NULL);
    plattli_string_free(NULL);
    CHECK(plattli_column_len(NULL) == 0 && plattli_column_steps(NULL) == NULL && plattli_table_len(NULL) == 0);
    CHECK(plattli_string_data(NULL) == NULL && plattli_string_len(NULL) == 0);
}

static void a_broken_line_is_a_warning(void) {
    plattli_writer *w = small_run("broken");
    OK(plattli_writer_close(w));
    FILE *log = fopen(path("broken/plattli/hot.jsonl"), "ab");
    CHECK(log != NULL);
    fputs("rubbish\n{\"step\":20,\"residual\":2.0}\n", log);
    CHECK(fclose(log) == 0);
    plattli_reader *r = open_reader("broken", NULL);
    const char *text = NULL, *again = NULL;
    OK(plattli_reader_warnings(r, 0, &text));
    CHECK(strstr(text, "hot.jsonl") != NULL);
    OK(plattli_reader_warnings(r, 0, &again));
    CHECK(text == again);
    EXPECT(PLATTLI_ERR_NOT_FOUND, plattli_reader_warnings(r, 1, &text));
    uint64_t rows = 0;
    OK(plattli_reader_rows(r, "residual", &rows));
    CHECK(rows == 11);
    plattli_reader_close(r);
    plattli_reader_options *o = plattli_reader_options_new();
    OK(plattli_reader_options_set_strict(o, true));
    REFUSED(PLATTLI_ERR_CORRUPT, "hot.jsonl", plattli_reader_open(path("broken"), o, &r));
    plattli_reader_options_free(o);
}

int main(int argc, char **argv) {
    BEGIN(argc, argv);
    TEST(a_live_run_and_its_archive_read_the_same);
    TEST(columns_outlive_their_reader);
    TEST(a_buffer_that_is_too_small_is_left_alone);
    TEST(wrong_questions_are_refused);
    TEST(a_broken_line_is_a_warning);
    return 0;
}
