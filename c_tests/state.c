/* A state: what it keeps, what it refuses, who may use it, and the scheduler. */
#include "check.h"
#include <pthread.h>

static plattli_state *open_state(const char *name, const plattli_state_options *options) {
    plattli_state *state = NULL;
    OK(plattli_state_open(path("states"), name, options, &state));
    CHECK(state != NULL);
    return state;
}

static void set(plattli_state *s, const char *key, const char *json) {
    OK(plattli_state_set(s, key, json, strlen(json)));
}

static void has(plattli_state *s, const char *key, const char *json) {
    plattli_string *value = NULL;
    OK(plattli_state_get(s, key, &value));
    CHECK(strcmp(plattli_string_data(value), json) == 0);
    CHECK(plattli_string_len(value) == strlen(json));
    plattli_string_free(value);
}

static void snapshot_is(plattli_state *s, const char *json) {
    plattli_string *snapshot = NULL;
    OK(plattli_state_snapshot(s, &snapshot));
    CHECK(strcmp(plattli_string_data(snapshot), json) == 0);
    plattli_string_free(snapshot);
}

static void keys_survive(void) {
    plattli_state *s = open_state("restart", NULL);
    set(s, "checkpoint", " { \"file\" : \"a.h5\" } ");
    set(s, "seed", "18446744073709551615");
    set(s, "phase", "1");
    set(s, "phase", "2");
    OK(plattli_state_delete(s, "seed"));
    OK(plattli_state_delete(s, "never"));
    OK(plattli_state_close(s));
    s = open_state("restart", NULL);
    has(s, "checkpoint", "{\"file\":\"a.h5\"}");
    has(s, "phase", "2");
    plattli_string *value = NULL;
    REFUSED(PLATTLI_ERR_NOT_FOUND, "\"seed\"", plattli_state_get(s, "seed", &value));
    CHECK(value == NULL);
    snapshot_is(s, "{\"checkpoint\":{\"file\":\"a.h5\"},\"phase\":2}");
    size_t size = 77;
    OK(plattli_state_size(s, &size));
    CHECK(size == 2);
    OK(plattli_state_replace(s, "{\"b\":1,\"a\":[]}", 14));
    snapshot_is(s, "{\"a\":[],\"b\":1}");
    uint64_t lost = 77;
    OK(plattli_state_lost(s, &lost));
    CHECK(lost == 0);
    OK(plattli_state_close(s));
    OK(plattli_state_close(NULL));
}

static void lists_outlive_the_state(void) {
    plattli_state *s = open_state("lists", NULL);
    set(s, "b", "1");
    set(s, "a", "2");
    plattli_strings *keys = NULL, *entries = NULL;
    OK(plattli_state_keys(s, &keys));
    OK(plattli_state_entries(s, &entries));
    uint64_t count = 0;
    OK(plattli_state_entry_count(s, &count));
    OK(plattli_state_close(s));
    CHECK(plattli_strings_len(keys) == 2 && plattli_strings_len(entries) == 2 && count == 2);
    const char *text = NULL;
    size_t len = 77;
    OK(plattli_strings_get(keys, 0, &text, &len));
    CHECK(strcmp(text, "a") == 0 && len == 1);
    OK(plattli_strings_get(keys, 1, &text, NULL));
    CHECK(strcmp(text, "b") == 0);
    OK(plattli_strings_get(entries, 0, &text, &len));
    CHECK(strstr(text, "\"op\":\"SET\",\"key\":\"b\",\"value\":1}") != NULL && strlen(text) == len);
    len = 77;
    REFUSED(PLATTLI_ERR_NOT_FOUND, "only 2", plattli_strings_get(keys, 2, &text, &len));
    CHECK(len == 77);
    REFUSED(PLATTLI_ERR_ARGUMENT, "text is NULL", plattli_strings_get(keys, 0, NULL, &len));
    REFUSED(PLATTLI_ERR_ARGUMENT, "strings is NULL", plattli_strings_get(NULL, 0, &text, &len));
    CHECK(plattli_strings_len(NULL) == 0);
    plattli_strings_free(keys);
    plattli_strings_free(entries);
    plattli_strings_free(NULL);
}

static void what_is_wrong_is_refused(void) {
    plattli_state *s = open_state("refusals", NULL), *none = NULL;
    set(s, "a", "1");
    REFUSED(PLATTLI_ERR_ARGUMENT, "NaN", plattli_state_set(s, "a", "NaN", 3));
    REFUSED(PLATTLI_ERR_ARGUMENT, "key is empty", plattli_state_set(s, "", "1", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "key is not UTF-8", plattli_state_set(s, "\xff", "1", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "\"a\"", plattli_state_set(s, "a", NULL, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "json is NULL", plattli_state_set(s, "a", NULL, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "key is NULL", plattli_state_set(s, NULL, "1", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "state is NULL", plattli_state_set(NULL, "a", "1", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "object", plattli_state_replace(s, "[1]", 3));
    REFUSED(PLATTLI_ERR_ARGUMENT, "key is NULL", plattli_state_delete(s, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_state_get(s, "a", NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_state_snapshot(s, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_state_keys(s, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_state_entries(s, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "count is NULL", plattli_state_entry_count(s, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "keys is NULL", plattli_state_size(s, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "bytes is NULL", plattli_state_log_size(s, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_state_needs_compaction(s, 0, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "entries is NULL", plattli_state_lost(s, NULL));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_state_compact(NULL));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_state_refresh(NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "slash", plattli_state_open(path("states"), "a/b", NULL, &none));
    REFUSED(PLATTLI_ERR_ARGUMENT, "dir is NULL", plattli_state_open(NULL, "a", NULL, &none));
    REFUSED(PLATTLI_ERR_ARGUMENT, "name is NULL", plattli_state_open(path("states"), NULL, NULL, &none));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_state_open(path("states"), "a", NULL, NULL));
    REFUSED(PLATTLI_ERR_BUSY, "refusals", plattli_state_open(path("states"), "refusals", NULL, &none));
    CHECK(none == NULL);
    has(s, "a", "1");
    OK(plattli_state_close(s));
}

static void options_are_taken(void) {
    plattli_state_options *o = plattli_state_options_new();
    REFUSED(PLATTLI_ERR_ARGUMENT, "PLATTLI_SYNC_NONE", plattli_state_options_set_sync(o, 3));
    REFUSED(PLATTLI_ERR_ARGUMENT, "PLATTLI_SYNC_EVERY", plattli_state_options_set_sync_interval(o, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_state_options_set_sync(NULL, PLATTLI_SYNC_EVERY));
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_state_options_set_sync_interval(NULL, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_state_options_set_threshold(NULL, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_state_options_set_backups(NULL, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_state_options_set_snapshot(NULL, true));
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_state_options_set_salvage(NULL, true));
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_state_options_set_read_only(NULL, true));
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_state_options_set_lock(NULL, true));
    OK(plattli_state_options_set_sync(o, PLATTLI_SYNC_NONE));
    OK(plattli_state_options_set_sync(o, PLATTLI_SYNC_INTERVAL));
    OK(plattli_state_options_set_sync_interval(o, 1));
    OK(plattli_state_options_set_threshold(o, 100));
    OK(plattli_state_options_set_backups(o, 1));
    OK(plattli_state_options_set_snapshot(o, true));
    OK(plattli_state_options_set_lock(o, false));
    plattli_state *s = open_state("options", o);
    uint64_t bytes = 0;
    bool needed = true;
    OK(plattli_state_needs_compaction(s, 0, &needed));
    CHECK(!needed);
    set(s, "a", "1");
    set(s, "b", "2");
    OK(plattli_state_log_size(s, &bytes));
    CHECK(bytes > 100);
    OK(plattli_state_needs_compaction(s, 0, &needed));
    CHECK(needed);
    OK(plattli_state_needs_compaction(s, bytes, &needed));
    CHECK(!needed);
    OK(plattli_state_needs_compaction(s, bytes - 1, &needed));
    CHECK(needed);
    OK(plattli_state_compact(s));
    CHECK(exists(path("states/options.json")));
    CHECK(!exists(path("states/.options.plattli.lock")));
    plattli_state *second = open_state("options", o);
    OK(plattli_state_close(second));
    OK(plattli_state_close(s));
    plattli_state_options_free(o);
    plattli_state_options_free(NULL);
}

static void damage_is_told_and_salvaged_on_request(void) {
    write_file(path("states/damaged.log"),
               "{\"op\":\"SET\",\"key\":\"a\",\"value\":1}\nbroken\n{\"op\":\"SET\",\"key\":\"b\",\"value\":2}\n");
    plattli_state *s = NULL;
    REFUSED(PLATTLI_ERR_CORRUPT, "line 2", plattli_state_open(path("states"), "damaged", NULL, &s));
    plattli_state_options *o = plattli_state_options_new();
    OK(plattli_state_options_set_salvage(o, true));
    s = open_state("damaged", o);
    uint64_t lost = 0;
    OK(plattli_state_lost(s, &lost));
    CHECK(lost == 1);
    snapshot_is(s, "{\"a\":1,\"b\":2}");
    OK(plattli_state_close(s));
    CHECK(rename(path("states/damaged.log"), path("states/damaged.log.backup.1")) == 0);
    s = open_state("damaged", o);
    OK(plattli_state_lost(s, &lost));
    CHECK(lost == PLATTLI_LOST_UNKNOWN);
    OK(plattli_state_close(s));
    plattli_state_options_free(o);
}

static void a_reader_follows_and_never_writes(void) {
    plattli_state_options *o = plattli_state_options_new();
    OK(plattli_state_options_set_read_only(o, true));
    plattli_state *none = NULL;
    REFUSED(PLATTLI_ERR_NOT_FOUND, "followed.log", plattli_state_open(path("states"), "followed", o, &none));
    plattli_state *s = open_state("followed", NULL);
    set(s, "n", "1");
    plattli_state *reader = open_state("followed", o);
    plattli_state_options_free(o);
    set(s, "n", "2");
    has(reader, "n", "1");
    OK(plattli_state_refresh(reader));
    has(reader, "n", "2");
    REFUSED(PLATTLI_ERR_STATE, "read-only", plattli_state_set(reader, "n", "3", 1));
    REFUSED(PLATTLI_ERR_STATE, "read-only", plattli_state_compact(reader));
    OK(plattli_state_refresh(s));
    OK(plattli_state_close(s));
    OK(plattli_state_close(reader));
}

static void a_scheduler_and_its_states_end_in_any_order(void) {
    plattli_state_scheduler *scheduler = NULL, *hourly = NULL;
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_state_scheduler_new(1, NULL));
    OK(plattli_state_scheduler_new(1, &scheduler));
    OK(plattli_state_scheduler_new(0, &hourly));
    plattli_state *first = open_state("first", NULL), *second = open_state("second", NULL);
    set(first, "a", "1");
    set(second, "b", "2");
    OK(plattli_state_scheduler_add(scheduler, first));
    OK(plattli_state_scheduler_add(scheduler, first));
    OK(plattli_state_scheduler_add(scheduler, second));
    OK(plattli_state_scheduler_add(hourly, second));
    REFUSED(PLATTLI_ERR_ARGUMENT, "state is NULL", plattli_state_scheduler_add(scheduler, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "scheduler is NULL", plattli_state_scheduler_add(NULL, first));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_state_scheduler_start(NULL));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_state_scheduler_stop(NULL));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_state_scheduler_compact_all(NULL));
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_state_scheduler_remove(scheduler, NULL));
    OK(plattli_state_scheduler_start(scheduler));
    OK(plattli_state_scheduler_start(scheduler));
    OK(plattli_state_scheduler_start(hourly));
    OK(plattli_state_scheduler_compact_all(scheduler));
    uint64_t count = 0;
    OK(plattli_state_entry_count(first, &count));
    CHECK(count == 1);
    plattli_strings *entries = NULL;
    OK(plattli_state_entries(second, &entries));
    const char *text = NULL;
    OK(plattli_strings_get(entries, 0, &text, NULL));
    CHECK(strstr(text, "\"op\":\"CHECKPOINT\",\"state\":{\"b\":2}") != NULL);
    plattli_strings_free(entries);
    OK(plattli_state_scheduler_remove(scheduler, second));
    OK(plattli_state_close(first));
    OK(plattli_state_scheduler_compact_all(scheduler));
    OK(plattli_state_scheduler_stop(scheduler));
    OK(plattli_state_scheduler_stop(scheduler));
    plattli_state_scheduler_free(hourly);
    has(second, "b", "2");
    OK(plattli_state_close(second));
    plattli_state_scheduler_free(scheduler);
    plattli_state_scheduler_free(NULL);
}

enum { THREADS = 4, EACH = 50 };

static void *sets_keys(void *state) {
    for (int i = 0; i < EACH; ++i) {
        char key[64];
        snprintf(key, sizeof key, "%p/%d", (void *)&key, i);
        set(state, key, "true");
        if (i % 10 == 0) OK(plattli_state_compact(state));
    }
    return NULL;
}

static void threads_share_a_state(void) {
    plattli_state *s = open_state("shared", NULL);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; ++i) CHECK(pthread_create(&threads[i], NULL, sets_keys, s) == 0);
    for (int i = 0; i < THREADS; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
    size_t size = 0;
    OK(plattli_state_size(s, &size));
    CHECK(size == (size_t)THREADS * EACH);
    OK(plattli_state_close(s));
}

int main(int argc, char **argv) {
    BEGIN(argc, argv);
    TEST(keys_survive);
    TEST(lists_outlive_the_state);
    TEST(what_is_wrong_is_refused);
    TEST(options_are_taken);
    TEST(damage_is_told_and_salvaged_on_request);
    TEST(a_reader_follows_and_never_writes);
    TEST(a_scheduler_and_its_states_end_in_any_order);
    TEST(threads_share_a_state);
    return 0;
}
