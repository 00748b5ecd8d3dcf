/* Each option takes what it should, refuses what it should not, and has its effect. */
#include "check.h"
#include <dirent.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static plattli_writer_options *options;

static void numbers_that_mean_nothing_are_refused(void) {
    plattli_writer_options *o = options;
    const int32_t strangers[] = {-1, 3, 99, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; ++i) {
        REFUSED(PLATTLI_ERR_ARGUMENT, "layout", plattli_writer_options_set_layout(o, strangers[i]));
        REFUSED(PLATTLI_ERR_ARGUMENT, "durability", plattli_writer_options_set_durability(o, strangers[i]));
        REFUSED(PLATTLI_ERR_ARGUMENT, "overload", plattli_writer_options_set_overload(o, strangers[i]));
        REFUSED(PLATTLI_ERR_ARGUMENT, "on_io_error", plattli_writer_options_set_on_io_error(o, strangers[i]));
    }
    REFUSED(PLATTLI_ERR_ARGUMENT, "hotsize", plattli_writer_options_set_hotsize(o, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "sync", plattli_writer_options_set_sync_interval(o, 0, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "nice is 20", plattli_writer_options_set_nice(o, 20));
    REFUSED(PLATTLI_ERR_ARGUMENT, "processors is NULL", plattli_writer_options_set_affinity(o, NULL, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "path is NULL", plattli_writer_options_set_config_path(o, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "empty", plattli_writer_options_set_config_path(o, ""));
    REFUSED(PLATTLI_ERR_ARGUMENT, "UTF-8", plattli_writer_options_set_config_path(o, "\xff"));
    REFUSED(PLATTLI_ERR_ARGUMENT, "json is NULL", plattli_writer_options_set_config_json(o, NULL, 2));
    REFUSED(PLATTLI_ERR_ARGUMENT, "UTF-8", plattli_writer_options_set_config_json(o, "\"\xff\"", 3));
    REFUSED(PLATTLI_ERR_ARGUMENT, "JSON", plattli_writer_options_set_config_json(o, "{\"a\":", 5));
    REFUSED(PLATTLI_ERR_ARGUMENT, "JSON", plattli_writer_options_set_config_json(o, NULL, 0));
}

static void every_setter_takes_its_values(void) {
    plattli_writer_options *o = options;
    for (int32_t layout = PLATTLI_COMPACTING; layout <= PLATTLI_BULK; ++layout)
        OK(plattli_writer_options_set_layout(o, layout));
    OK(plattli_writer_options_set_step(o, 0));
    OK(plattli_writer_options_set_step(o, UINT32_MAX));
    OK(plattli_writer_options_set_hotsize(o, 1));
    OK(plattli_writer_options_set_hotsize(o, UINT64_MAX));
    OK(plattli_writer_options_set_config_json(o, "{\"a\": [1, NaN]}xxx", 15));
    OK(plattli_writer_options_set_config_json(o, "3", 1));
    OK(plattli_writer_options_set_config_path(o, "input.json"));
    OK(plattli_writer_options_set_reopen_finished(o, true));
    OK(plattli_writer_options_set_overwrite(o, true));
    OK(plattli_writer_options_set_durability(o, PLATTLI_DURABLE_SYSTEM));
    OK(plattli_writer_options_set_durability(o, PLATTLI_DURABLE_PROCESS));
    OK(plattli_writer_options_set_sync_interval(o, 0, 100));
    OK(plattli_writer_options_set_sync_interval(o, 10, 0));
    OK(plattli_writer_options_set_sync_interval(o, UINT32_MAX, UINT64_MAX));
    OK(plattli_writer_options_set_overload(o, PLATTLI_OVERLOAD_SHED));
    OK(plattli_writer_options_set_overload(o, PLATTLI_OVERLOAD_WAIT));
    OK(plattli_writer_options_set_threads(o, 0));
    OK(plattli_writer_options_set_threads(o, 4));
    OK(plattli_writer_options_set_nice(o, 19));
    OK(plattli_writer_options_set_nice(o, 0));
    OK(plattli_writer_options_set_affinity(o, (const uint32_t[]){0, 1}, 2));
    OK(plattli_writer_options_set_affinity(o, NULL, 0));
    OK(plattli_writer_options_set_on_io_error(o, PLATTLI_IO_FAIL));
    OK(plattli_writer_options_set_on_io_error(o, PLATTLI_IO_RETRY));
    OK(plattli_writer_options_set_lock(o, false));
    OK(plattli_writer_options_set_strict(o, true));
}

static void null_options_are_refused_by_setters_and_fine_for_free(void) {
    const char *text = "options is NULL";
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_options_set_layout(NULL, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_options_set_step(NULL, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_options_set_hotsize(NULL, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_options_set_config_json(NULL, "{}", 2));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_options_set_config_path(NULL, "a"));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_options_set_reopen_finished(NULL, true));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_options_set_overwrite(NULL, true));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_options_set_durability(NULL, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_options_set_sync_interval(NULL, 1, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_options_set_overload(NULL, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_options_set_threads(NULL, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_options_set_nice(NULL, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_options_set_affinity(NULL, NULL, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_options_set_on_io_error(NULL, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_options_set_lock(NULL, true));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_writer_options_set_strict(NULL, true));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_finish_options_set_optimize(NULL, true));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_finish_options_set_archive(NULL, true));
    REFUSED(PLATTLI_ERR_ARGUMENT, text, plattli_finish_options_set_config_overrides(NULL, "{}", 2));
    plattli_writer_options_free(NULL);
    plattli_finish_options_free(NULL);
}

static void overrides_are_an_object(void) {
    plattli_finish_options *o = plattli_finish_options_new();
    OK(plattli_finish_options_set_optimize(o, false));
    OK(plattli_finish_options_set_archive(o, false));
    OK(plattli_finish_options_set_config_overrides(o, "{\"a\": 1}", 8));
    REFUSED(PLATTLI_ERR_ARGUMENT, "object", plattli_finish_options_set_config_overrides(o, "[1]", 3));
    REFUSED(PLATTLI_ERR_ARGUMENT, "JSON", plattli_finish_options_set_config_overrides(o, "{", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "json is NULL", plattli_finish_options_set_config_overrides(o, NULL, 1));
    plattli_finish_options_free(o);
}

static void a_step_to_continue_from_drops_what_lies_beyond(void) {
    plattli_writer *w = open_writer("continued", NULL);
    for (uint32_t i = 0; i < 10; ++i) {
        OK(plattli_write_f64(w, "x", i));
        OK(plattli_end_step(w));
    }
    OK(plattli_writer_close(w));
    uint32_t step = 0;
    w = open_writer("continued", NULL);
    OK(plattli_writer_step(w, &step));
    CHECK(step == 10);
    OK(plattli_writer_close(w));
    plattli_writer_options *o = plattli_writer_options_new();
    OK(plattli_writer_options_set_step(o, 4));
    w = open_writer("continued", o);
    plattli_writer_options_free(o); /* the writer has copied what it needs */
    OK(plattli_writer_step(w, &step));
    CHECK(step == 4);
    OK(plattli_writer_close(w));
    w = open_writer("continued", NULL);
    OK(plattli_writer_step(w, &step));
    CHECK(step == 4);
    OK(plattli_writer_close(w));
}

static void configurations_come_as_text_and_as_a_path(void) {
    plattli_writer_options *o = plattli_writer_options_new();
    const char nan[] = "{\"cfl\":NaN}";
    OK(plattli_writer_options_set_config_json(o, nan, sizeof nan - 1));
    plattli_writer *w = open_writer("configured", o);
    CHECK(exists(path("configured/plattli/config.json")));
    OK(plattli_writer_set_config(w, "{\"dt\": 1e-3}", 12));
    REFUSED(PLATTLI_ERR_ARGUMENT, "JSON", plattli_writer_set_config(w, "{\"dt\": }", 8));
    REFUSED(PLATTLI_ERR_ARGUMENT, "json is NULL", plattli_writer_set_config(w, NULL, 8));
    OK(plattli_writer_close(w));
    write_file(path("configured/input.json"), "{\"from\": \"a file\"}");
    OK(plattli_writer_options_set_config_path(o, "input.json"));
    w = open_writer("configured", o);
    char target[1024] = {0};
    CHECK(readlink(path("configured/plattli/config.json"), target, sizeof target - 1) > 0);
    CHECK(strstr(target, "configured/input.json") != NULL);
    OK(plattli_writer_close(w));
    plattli_writer_options_free(o);
}

static void archives_are_reopened_on_request_only(void) {
    plattli_writer *w = open_writer("archived", NULL);
    OK(plattli_write_i32(w, "n", 1));
    OK(plattli_end_step(w));
    OK(plattli_finish(w, NULL));
    OK(plattli_writer_close(w));
    CHECK(exists(path("archived/metrics.plattli")));
    w = NULL;
    REFUSED(PLATTLI_ERR_EXISTS, "archived", plattli_writer_open(path("archived"), NULL, &w));
    CHECK(w == NULL);
    plattli_writer_options *o = plattli_writer_options_new();
    OK(plattli_writer_options_set_reopen_finished(o, true));
    w = open_writer("archived", o);
    uint32_t step = 0;
    OK(plattli_writer_step(w, &step));
    CHECK(step == 1);
    OK(plattli_writer_close(w));
    plattli_writer_options_free(o);
}

static void a_folder_is_finished_without_an_archive_and_goes_on_as_it_is(void) {
    plattli_finish_options *f = plattli_finish_options_new();
    OK(plattli_finish_options_set_archive(f, false));
    OK(plattli_finish_options_set_config_overrides(f, "{\"done\": true}", 14));
    plattli_writer *w = open_writer("folder", NULL);
    OK(plattli_write_i32(w, "n", 1));
    OK(plattli_end_step(w));
    OK(plattli_finish(w, f));
    OK(plattli_writer_close(w));
    plattli_finish_options_free(f);
    CHECK(!exists(path("folder/metrics.plattli")));
    CHECK(exists(path("folder/plattli/n.u8")));
    OK(plattli_writer_close(open_writer("folder", NULL)));
}

static void bulk_replaces_on_request_only(void) {
    plattli_writer_options *o = plattli_writer_options_new();
    OK(plattli_writer_options_set_layout(o, PLATTLI_BULK));
    plattli_writer *w = open_writer("bulk", o);
    OK(plattli_write_f32(w, "x", 1.5F));
    OK(plattli_end_step(w));
    OK(plattli_finish(w, NULL));
    OK(plattli_writer_close(w));
    w = NULL;
    REFUSED(PLATTLI_ERR_EXISTS, "bulk", plattli_writer_open(path("bulk"), o, &w));
    OK(plattli_writer_options_set_overwrite(o, true));
    w = open_writer("bulk", o);
    OK(plattli_write_f32(w, "y", 2.5F));
    OK(plattli_end_step(w));
    OK(plattli_finish(w, NULL));
    OK(plattli_writer_close(w));
    plattli_writer_options_free(o);
}

static void a_second_writer_is_busy_unless_locks_are_off(void) {
    plattli_writer *first = open_writer("locked", NULL), *second = NULL;
    REFUSED(PLATTLI_ERR_BUSY, "locked", plattli_writer_open(path("locked"), NULL, &second));
    CHECK(second == NULL);
    /* The first is unharmed, and its lock ends with `finish`. */
    OK(plattli_write_f64(first, "x", 1.0));
    OK(plattli_end_step(first));
    plattli_writer_options *o = plattli_writer_options_new();
    OK(plattli_writer_options_set_lock(o, false));
    OK(plattli_writer_options_set_reopen_finished(o, true));
    OK(plattli_finish(first, NULL));
    second = open_writer("locked", o);
    OK(plattli_writer_close(second));
    OK(plattli_writer_close(first));
    plattli_writer_options_free(o);
}

static void a_broken_line_costs_itself_or_with_strict_the_run(void) {
    plattli_writer *w = open_writer("broken", NULL);
    for (int i = 0; i < 3; ++i) {
        OK(plattli_write_f64(w, "x", 1.0));
        OK(plattli_end_step(w));
    }
    OK(plattli_writer_close(w));
    const char *log = path("broken/plattli/hot.jsonl");
    write_file(log, "{\"step\":0,\"x\":1.0}\n{\"step\":1,\"x\"1.0}\n{\"step\":2,\"x\":1.0}\n");
    plattli_writer_options *o = plattli_writer_options_new();
    OK(plattli_writer_options_set_strict(o, true));
    REFUSED(PLATTLI_ERR_CORRUPT, "hot.jsonl", plattli_writer_open(path("broken"), o, &w));
    plattli_writer_options_free(o);
    w = open_writer("broken", NULL);
    CHECK(stats_of(w).warnings == 1);
    plattli_string *text = NULL;
    OK(plattli_writer_warnings(w, 0, &text));
    CHECK(strstr(plattli_string_data(text), "hot.jsonl") != NULL);
    CHECK(strlen(plattli_string_data(text)) == plattli_string_len(text));
    plattli_string *none = NULL;
    REFUSED(PLATTLI_ERR_NOT_FOUND, "warning 1", plattli_writer_warnings(w, 1, &none));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_writer_warnings(w, 0, NULL));
    CHECK(none == NULL && plattli_string_data(none) == NULL && plattli_string_len(none) == 0);
    plattli_string_free(none);
    OK(plattli_writer_close(w));
    CHECK(strstr(plattli_string_data(text), "hot.jsonl") != NULL); /* outlives the writer */
    plattli_string_free(text);
    CHECK(exists(path("broken/plattli.rejected.jsonl")));
}

static void system_durability_syncs_and_process_durability_does_not(void) {
    plattli_writer_options *o = plattli_writer_options_new();
    uint64_t syncs[2];
    for (int32_t durability = 0; durability < 2; ++durability) {
        OK(plattli_writer_options_set_durability(o, durability));
        plattli_writer *w = open_writer(durability ? "durable" : "quick", o);
        OK(plattli_write_f64(w, "x", 1.0));
        OK(plattli_end_step(w));
        uint64_t before = stats_of(w).sync_count;
        for (int i = 0; i < 5; ++i) {
            OK(plattli_write_f64(w, "x", 1.0));
            OK(plattli_end_step(w));
        }
        syncs[durability] = stats_of(w).sync_count - before;
        OK(plattli_writer_close(w));
    }
    CHECK(syncs[0] == 0);
    CHECK(syncs[1] >= 5);
    plattli_writer_options_free(o);
}

static void a_sync_interval_may_be_a_time_alone(void) {
    for (int32_t layout = PLATTLI_COMPACTING; layout <= PLATTLI_DIRECT; ++layout) {
        plattli_writer_options *o = plattli_writer_options_new();
        OK(plattli_writer_options_set_layout(o, layout));
        OK(plattli_writer_options_set_durability(o, PLATTLI_DURABLE_SYSTEM));
        OK(plattli_writer_options_set_sync_interval(o, 0, 20));
        plattli_writer *w = open_writer(layout ? "timed-direct" : "timed", o);
        OK(plattli_write_f64(w, "x", 1.0));
        OK(plattli_end_step(w));
        uint64_t before = stats_of(w).sync_count;
        const struct timespec pause = {0, 25000000};
        nanosleep(&pause, NULL);
        OK(plattli_write_f64(w, "x", 1.0));
        OK(plattli_end_step(w));
        CHECK(stats_of(w).sync_count > before);
        OK(plattli_writer_close(w));
        plattli_writer_options_free(o);
    }
}

static void every_layout_and_threadless_writers_finish_and_continue(void) {
    for (int32_t layout = PLATTLI_COMPACTING; layout <= PLATTLI_BULK; ++layout) {
        for (uint32_t threads = 0; threads < 2; ++threads) {
            char name[32];
            snprintf(name, sizeof name, "layout%d-%u", (int)layout, threads);
            plattli_writer_options *o = plattli_writer_options_new();
            OK(plattli_writer_options_set_layout(o, layout));
            OK(plattli_writer_options_set_threads(o, threads));
            OK(plattli_writer_options_set_hotsize(o, 3));
            plattli_writer *w = open_writer(name, o);
            for (int i = 0; i < 20; ++i) {
                OK(plattli_write_f64(w, "x", i));
                OK(plattli_end_step(w));
            }
            OK(plattli_finish(w, NULL));
            OK(plattli_writer_close(w));
            plattli_writer_options_free(o);
        }
    }
}

/* The nice value of the thread named plattli, by proc(5); -100 where there is none. */
static long nice_of_background(void) {
    char name[64], line[1024];
    long found = -100;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *task; (task = readdir(tasks));) {
        snprintf(name, sizeof name, "/proc/self/task/%.20s/stat", task->d_name);
        FILE *stat = fopen(name, "r");
        if (!stat) continue;
        if (fgets(line, sizeof line, stat) && strstr(line, "(plattli)")) {
            char *field = strchr(line, ')') + 1;
            for (int i = 0; i < 16; ++i) field = strchr(field + 1, ' ');
            found = strtol(field, NULL, 10);
        }
        fclose(stat);
    }
    closedir(tasks);
    return found;
}

static void the_background_thread_stands_back_where_it_is_told(void) {
    plattli_writer_options *o = plattli_writer_options_new();
    /* A thread that was joined is listed until the system has put it away. */
    const struct timespec pause = {0, 1000000};
    for (int i = 0; i < 30000 && nice_of_background() != -100; ++i) nanosleep(&pause, NULL);
    CHECK(nice_of_background() == -100);
    OK(plattli_writer_options_set_nice(o, 7));
    plattli_writer *w = open_writer("nice", o);
    /* Of a process that may itself stand back, or not. */
    const int wanted = getpriority(PRIO_PROCESS, 0) + 7;
    CHECK(nice_of_background() == (wanted < 19 ? wanted : 19));
    OK(plattli_writer_close(w));
    const uint32_t nowhere = 1023;
    OK(plattli_writer_options_set_affinity(o, &nowhere, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "1023", plattli_writer_open(path("nowhere"), o, &w));
    /* The run is not held by the writer that never was. */
    OK(plattli_writer_options_set_affinity(o, NULL, 0));
    w = open_writer("nowhere", o);
    OK(plattli_writer_close(w));
    plattli_writer_options_free(o);
}

int main(int argc, char **argv) {
    BEGIN(argc, argv);
    options = plattli_writer_options_new();
    CHECK(options != NULL);
    TEST(numbers_that_mean_nothing_are_refused);
    TEST(every_setter_takes_its_values);
    plattli_writer_options_free(options);
    TEST(null_options_are_refused_by_setters_and_fine_for_free);
    TEST(overrides_are_an_object);
    TEST(a_step_to_continue_from_drops_what_lies_beyond);
    TEST(configurations_come_as_text_and_as_a_path);
    TEST(archives_are_reopened_on_request_only);
    TEST(a_folder_is_finished_without_an_archive_and_goes_on_as_it_is);
    TEST(bulk_replaces_on_request_only);
    TEST(a_second_writer_is_busy_unless_locks_are_off);
    TEST(a_broken_line_costs_itself_or_with_strict_the_run);
    TEST(system_durability_syncs_and_process_durability_does_not);
    TEST(a_sync_interval_may_be_a_time_alone);
    TEST(every_layout_and_threadless_writers_finish_and_continue);
    TEST(the_background_thread_stands_back_where_it_is_told);
    return 0;
}
