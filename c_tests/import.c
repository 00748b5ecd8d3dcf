/* JSON-lines logs become runs, or an error that names the line. */
#include "check.h"

static const char *log_with(const char *name, const char *text) {
    write_file(path(name), text);
    return path(name);
}

static void a_log_becomes_a_finished_run(void) {
    const char *log = log_with("good.jsonl", "{\"step\": 0, \"x\": 1.5}\n{\"step\": 2, \"x\": NaN, \"gnorm/w\": 1}\n");
    plattli_import_report report = {.size = sizeof report};
    OK(plattli_import_jsonl(log, path("good"), NULL, &report));
    CHECK(report.rows == 2 && report.metrics == 2 && report.rewound_rows == 0 && report.torn_tail == 0);
    CHECK(exists(path("good/metrics.plattli")));
    REFUSED(PLATTLI_ERR_EXISTS, "good", plattli_import_jsonl(log, path("good"), NULL, NULL));
    plattli_import_options *o = plattli_import_options_new();
    const char *const patterns[] = {"DEFAULT"};
    OK(plattli_import_options_set_skip_columns(o, patterns, 1));
    OK(plattli_import_options_set_overwrite(o, true));
    OK(plattli_import_options_set_double(o, true));
    OK(plattli_import_jsonl(log, path("good"), o, &report));
    CHECK(report.metrics == 1);
    plattli_import_options_free(o);
}

static void rewinds_and_torn_tails_are_taken_on_request(void) {
    const char *log = log_with("rewound.jsonl", "{\"step\":0,\"x\":1}\n{\"step\":2,\"x\":2}\n{\"step\":1,\"x\":3}\n{\"ste");
    plattli_import_options *o = plattli_import_options_new();
    plattli_import_report report = {.size = sizeof report};
    REFUSED(PLATTLI_ERR_CORRUPT, "rewound.jsonl", plattli_import_jsonl(log, path("rewound"), o, &report));
    OK(plattli_import_options_set_allow_rewinds(o, true));
    EXPECT(PLATTLI_ERR_CORRUPT, plattli_import_jsonl(log, path("rewound"), o, &report));
    CHECK(!exists(path("rewound/metrics.plattli")));
    OK(plattli_import_options_set_skip_torn_tail(o, true));
    OK(plattli_import_jsonl(log, path("rewound"), o, &report));
    CHECK(report.rows == 3 && report.rewound_rows == 1 && report.torn_tail == 1);
    plattli_import_options_free(o);
}

static void errors_say_where(void) {
    const char *good = log_with("fine.jsonl", "{\"x\":1}\n");
    REFUSED(PLATTLI_ERR_IO, "missing.jsonl", plattli_import_jsonl(path("missing.jsonl"), path("none"), NULL, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "log is NULL", plattli_import_jsonl(NULL, path("none"), NULL, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "run_dir is NULL", plattli_import_jsonl(good, NULL, NULL, NULL));
    REFUSED(PLATTLI_ERR_CORRUPT, ":2",
            plattli_import_jsonl(log_with("bad.jsonl", "{\"x\":1}\n{\"x\":}\n{\"x\":1}\n"), path("bad"), NULL, NULL));
    REFUSED(PLATTLI_ERR_TYPE, "\"x\"",
            plattli_import_jsonl(log_with("type.jsonl", "{\"x\":1}\n{\"x\":1.5}\n"), path("type"), NULL, NULL));
    plattli_import_report unset = {.size = 0};
    REFUSED(PLATTLI_ERR_ARGUMENT, "sizeof", plattli_import_jsonl(good, path("unset"), NULL, &unset));
    CHECK(!exists(path("unset/metrics.plattli"))); /* refused before anything is done */
    plattli_import_options *o = plattli_import_options_new();
    const char *const patterns[] = {"ok", NULL, "(["};
    REFUSED(PLATTLI_ERR_ARGUMENT, "patterns is NULL", plattli_import_options_set_skip_columns(o, NULL, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "patterns[1] is NULL", plattli_import_options_set_skip_columns(o, patterns, 2));
    OK(plattli_import_options_set_skip_columns(o, patterns + 2, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "([", plattli_import_jsonl(good, path("pattern"), o, NULL));
    OK(plattli_import_options_set_skip_columns(o, NULL, 0));
    OK(plattli_import_jsonl(good, path("pattern"), o, NULL));
    plattli_import_options_free(o);
    plattli_import_options_free(NULL);
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_import_options_set_allow_rewinds(NULL, true));
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_import_options_set_overwrite(NULL, true));
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_import_options_set_double(NULL, true));
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_import_options_set_skip_torn_tail(NULL, true));
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_import_options_set_skip_columns(NULL, NULL, 0));
}

int main(int argc, char **argv) {
    BEGIN(argc, argv);
    TEST(a_log_becomes_a_finished_run);
    TEST(rewinds_and_torn_tails_are_taken_on_request);
    TEST(errors_say_where);
    return 0;
}
