/* A journal from C: options, append, read, follow, compact, close, threads and a forked child. */
#include "check.h"
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static plattli_journal *open_journal(const char *location, uint64_t threshold) {
    plattli_journal_options *o = plattli_journal_options_new();
    OK(plattli_journal_options_set_threshold(o, threshold));
    plattli_journal *journal = NULL;
    OK(plattli_journal_open(location, o, &journal));
    plattli_journal_options_free(o);
    CHECK(journal != NULL);
    return journal;
}

static void append(plattli_journal *journal, const char *event) {
    OK(plattli_journal_append(journal, event, strlen(event)));
}

static size_t files(plattli_journal *journal) {
    size_t n = 77;
    OK(plattli_journal_file_count(journal, &n));
    return n;
}

static size_t pending(plattli_journal *journal) {
    size_t n = 77;
    OK(plattli_journal_pending(journal, &n));
    return n;
}

static plattli_journal_events *read_all(plattli_journal *journal) {
    plattli_journal_events *events = NULL;
    OK(plattli_journal_read(journal, &events));
    CHECK(events != NULL);
    return events;
}

static void is(const plattli_journal_events *events, size_t i, const char *wanted) {
    const char *event = NULL;
    size_t len = 0;
    OK(plattli_journal_events_get(events, i, &event, &len));
    CHECK(len == strlen(wanted) && memcmp(event, wanted, len) == 0);
}

static void events_are_read_back_in_order(void) {
    plattli_journal *journal = open_journal(path("order"), 3);
    append(journal, "{\"warning\": 1}");
    append(journal, "plain text");
    CHECK(files(journal) == 0 && pending(journal) == 2);
    plattli_journal_events *events = read_all(journal);
    CHECK(plattli_journal_events_len(events) == 2);
    is(events, 0, "{\"warning\": 1}");
    is(events, 1, "plain text");
    uint64_t number = 77;
    OK(plattli_journal_events_number(events, 0, &number));
    CHECK(number == 0 && plattli_journal_events_next(events) == 0);
    plattli_journal_events_free(events);
    OK(plattli_journal_append(journal, "with\0nul", 8));
    CHECK(files(journal) == 1 && pending(journal) == 0);
    append(journal, "fourth");
    events = read_all(journal);
    CHECK(plattli_journal_events_len(events) == 4);
    const char *event = NULL;
    size_t len = 0;
    OK(plattli_journal_events_get(events, 2, &event, &len));
    CHECK(len == 8 && memcmp(event, "with\0nul", 8) == 0);
    OK(plattli_journal_events_number(events, 2, &number));
    CHECK(number > 1700000000000000U && plattli_journal_events_next(events) == number + 1);
    OK(plattli_journal_flush(journal));
    OK(plattli_journal_flush(journal));
    CHECK(files(journal) == 2);
    OK(plattli_journal_close(journal));
    is(events, 3, "fourth"); /* they outlive the journal */
    REFUSED(PLATTLI_ERR_NOT_FOUND, "no event 4", plattli_journal_events_get(events, 4, &event, &len));
    REFUSED(PLATTLI_ERR_NOT_FOUND, "no event 4", plattli_journal_events_number(events, 4, &number));
    plattli_journal_events_free(events);
}

static void bad_events_are_refused(void) {
    plattli_journal *journal = open_journal(path("bad"), 1);
    REFUSED(PLATTLI_ERR_ARGUMENT, "newline", plattli_journal_append(journal, "a\nb", 3));
    REFUSED(PLATTLI_ERR_ARGUMENT, "empty", plattli_journal_append(journal, "", 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "empty", plattli_journal_append(journal, NULL, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "event is NULL", plattli_journal_append(journal, NULL, 1));
    CHECK(files(journal) == 0 && pending(journal) == 0);
    OK(plattli_journal_close(journal));
}

static void a_compaction_makes_one_object(void) {
    plattli_journal *journal = open_journal(path("compact"), 1);
    plattli_compact_stats stats = {.size = sizeof stats, .merged = 77};
    OK(plattli_journal_compact(journal, &stats));
    CHECK(stats.merged == 0 && stats.events == 0 && stats.objects == 0 && stats.key[0] == '\0');
    append(journal, "a");
    OK(plattli_journal_compact(journal, &stats));
    CHECK(stats.merged == 1 && stats.events == 0 && stats.key[0] == '\0' && files(journal) == 1);
    append(journal, "b");
    append(journal, "c");
    append(journal, "d");
    CHECK(files(journal) == 4);
    OK(plattli_journal_compact(journal, &stats));
    CHECK(stats.size == sizeof stats && stats.merged == 4 && stats.events == 4 && stats.objects == 1);
    CHECK(stats.failed_deletes == 0 && files(journal) == 1);
    CHECK(strlen(stats.key) == 51 && strncmp(stats.key, "batch_", 6) == 0);
    char name[128];
    snprintf(name, sizeof name, "compact/%s", stats.key);
    CHECK(exists(path(name)));
    plattli_journal_events *events = read_all(journal);
    CHECK(plattli_journal_events_len(events) == 4);
    is(events, 3, "d");
    plattli_journal_events_free(events);
    append(journal, "e");
    OK(plattli_journal_compact(journal, NULL));
    CHECK(files(journal) == 1);
    /* A program built against a header that knew less of the struct. */
    plattli_compact_stats old = {.size = offsetof(plattli_compact_stats, objects), .objects = 77};
    OK(plattli_journal_compact(journal, &old));
    CHECK(old.merged == 1 && old.objects == 77);
    old.size = 0;
    REFUSED(PLATTLI_ERR_ARGUMENT, "sizeof", plattli_journal_compact(journal, &old));
    write_file(path("compact/batch_compacting.lease"), "{\"owner\":\"somebody\"}\n");
    REFUSED(PLATTLI_ERR_BUSY, "somebody", plattli_journal_compact(journal, &stats));
    OK(plattli_journal_close(journal));
}

static void a_journal_is_followed(void) {
    plattli_journal *writer = open_journal(path("follow"), 1), *reader = open_journal(path("follow"), 32);
    uint64_t next = 0;
    char event[16];
    for (int round = 0; round < 6; ++round) {
        snprintf(event, sizeof event, "event %d", round);
        append(writer, event);
        if (round == 3) OK(plattli_journal_compact(writer, NULL));
        plattli_journal_events *events = NULL;
        OK(plattli_journal_read_from(reader, next, &events));
        CHECK(plattli_journal_events_len(events) == 1);
        is(events, 0, event);
        next = plattli_journal_events_next(events);
        plattli_journal_events_free(events);
    }
    OK(plattli_journal_close(writer));
    OK(plattli_journal_close(reader));
}

static void close_stores_and_discard_says_what_it_did_not(void) {
    plattli_journal *journal = open_journal(path("close"), 32);
    append(journal, "stored");
    OK(plattli_journal_close(journal));
    journal = open_journal(path("close"), 32);
    append(journal, "lost");
    append(journal, "lost too");
    size_t lost = 77;
    OK(plattli_journal_discard(journal, &lost));
    CHECK(lost == 2);
    journal = open_journal(path("close"), 32);
    plattli_journal_events *events = read_all(journal);
    CHECK(plattli_journal_events_len(events) == 1);
    plattli_journal_events_free(events);
    OK(plattli_journal_discard(journal, NULL));
    OK(plattli_journal_discard(NULL, NULL));
    OK(plattli_journal_close(NULL));
    write_file(path("occupied"), "a file");
    journal = open_journal(path("occupied"), 32);
    append(journal, "a");
    REFUSED(PLATTLI_ERR_IO, "occupied", plattli_journal_flush(journal));
    CHECK(pending(journal) == 1);
    REFUSED(PLATTLI_ERR_IO, "1 events were not stored", plattli_journal_close(journal));
}

static void options_take_what_they_should_and_refuse_the_rest(void) {
    plattli_journal_options *o = plattli_journal_options_new();
    OK(plattli_journal_options_set_threshold(o, 0));
    OK(plattli_journal_options_set_max_object_bytes(o, 1));
    OK(plattli_journal_options_set_lease_expiry(o, 1));
    OK(plattli_journal_options_set_durability(o, PLATTLI_DURABLE_PROCESS));
    OK(plattli_journal_options_set_durability(o, PLATTLI_DURABLE_SYSTEM));
    REFUSED(PLATTLI_ERR_ARGUMENT, "durability", plattli_journal_options_set_durability(o, 2));
    REFUSED(PLATTLI_ERR_ARGUMENT, "0 bytes", plattli_journal_options_set_max_object_bytes(o, 0));
    REFUSED(PLATTLI_ERR_ARGUMENT, "0 milliseconds", plattli_journal_options_set_lease_expiry(o, 0));
    plattli_journal *journal = NULL;
    OK(plattli_journal_open(path("options"), o, &journal));
    append(journal, "at once");
    CHECK(files(journal) == 1);
    OK(plattli_journal_close(journal));
    plattli_journal_options_free(o);
    plattli_journal_options_free(NULL);
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_journal_options_set_threshold(NULL, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_journal_options_set_max_object_bytes(NULL, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_journal_options_set_lease_expiry(NULL, 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "options is NULL", plattli_journal_options_set_durability(NULL, 1));
}

static void locations_are_paths_or_known_schemes(void) {
    plattli_journal *journal = NULL;
    REFUSED(PLATTLI_ERR_ARGUMENT, "location is NULL", plattli_journal_open(NULL, NULL, &journal));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_journal_open(path("x"), NULL, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "empty", plattli_journal_open("", NULL, &journal));
    REFUSED(PLATTLI_ERR_ARGUMENT, "ftp", plattli_journal_open("ftp://host/x", NULL, &journal));
    CHECK(plattli_has_feature("journal"));
    if (!plattli_has_feature("s3"))
        REFUSED(PLATTLI_ERR_UNSUPPORTED, "`s3`", plattli_journal_open("s3://bucket/x", NULL, &journal));
    if (!plattli_has_feature("gcs"))
        REFUSED(PLATTLI_ERR_UNSUPPORTED, "`gcs`", plattli_journal_open("gs://bucket/x", NULL, &journal));
    if (!plattli_has_feature("azure"))
        REFUSED(PLATTLI_ERR_UNSUPPORTED, "`azure`", plattli_journal_open("az://box/x", NULL, &journal));
    CHECK(journal == NULL);
    char location[1200];
    snprintf(location, sizeof location, "file://%s", path("by-url"));
    journal = open_journal(location, 1);
    append(journal, "a");
    OK(plattli_journal_close(journal));
    journal = open_journal(path("by-url"), 1);
    CHECK(files(journal) == 1);
    OK(plattli_journal_close(journal));
    plattli_journal *one = open_journal("memory://shared", 1), *two = open_journal("memory://shared", 1);
    append(one, "a");
    append(two, "b");
    CHECK(files(one) == 2 && files(two) == 2);
    OK(plattli_journal_close(one));
    OK(plattli_journal_close(two));
}

static void null_is_refused(void) {
    plattli_journal *journal = open_journal(path("null"), 1);
    plattli_journal_events *events = NULL;
    plattli_compact_stats stats = {.size = sizeof stats};
    size_t n = 77;
    uint64_t number = 77;
    const char *event = NULL;
    REFUSED(PLATTLI_ERR_ARGUMENT, "journal is NULL", plattli_journal_append(NULL, "a", 1));
    REFUSED(PLATTLI_ERR_ARGUMENT, "journal is NULL", plattli_journal_flush(NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "journal is NULL", plattli_journal_read(NULL, &events));
    REFUSED(PLATTLI_ERR_ARGUMENT, "journal is NULL", plattli_journal_read_from(NULL, 0, &events));
    REFUSED(PLATTLI_ERR_ARGUMENT, "journal is NULL", plattli_journal_compact(NULL, &stats));
    REFUSED(PLATTLI_ERR_ARGUMENT, "journal is NULL", plattli_journal_file_count(NULL, &n));
    REFUSED(PLATTLI_ERR_ARGUMENT, "journal is NULL", plattli_journal_pending(NULL, &n));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_journal_read(journal, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_journal_read_from(journal, 0, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_journal_file_count(journal, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "out is NULL", plattli_journal_pending(journal, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "events is NULL", plattli_journal_events_get(NULL, 0, &event, &n));
    REFUSED(PLATTLI_ERR_ARGUMENT, "events is NULL", plattli_journal_events_number(NULL, 0, &number));
    CHECK(plattli_journal_events_len(NULL) == 0 && plattli_journal_events_next(NULL) == 0);
    plattli_journal_events_free(NULL);
    append(journal, "a");
    events = read_all(journal);
    REFUSED(PLATTLI_ERR_ARGUMENT, "event is NULL", plattli_journal_events_get(events, 0, NULL, &n));
    REFUSED(PLATTLI_ERR_ARGUMENT, "len is NULL", plattli_journal_events_get(events, 0, &event, NULL));
    REFUSED(PLATTLI_ERR_ARGUMENT, "number is NULL", plattli_journal_events_number(events, 0, NULL));
    CHECK(n == 77 && number == 77);
    plattli_journal_events_free(events);
    OK(plattli_journal_close(journal));
}

static plattli_journal *shared;

static void *appends(void *unused) {
    (void)unused;
    for (int i = 0; i < 100; ++i) append(shared, "from a thread");
    return NULL;
}

static void threads_share_a_journal(void) {
    shared = open_journal(path("threads"), 7);
    pthread_t threads[4];
    for (int i = 0; i < 4; ++i) CHECK(pthread_create(&threads[i], NULL, appends, NULL) == 0);
    OK(plattli_journal_compact(shared, NULL));
    for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
    plattli_journal_events *events = read_all(shared);
    CHECK(plattli_journal_events_len(events) == 400);
    plattli_journal_events_free(events);
    OK(plattli_journal_close(shared));
}

static void a_forked_child_is_refused_and_stores_nothing(void) {
    shared = open_journal(path("forked"), 32);
    append(shared, "of the parent");
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        size_t n = 77;
        plattli_journal_events *events = NULL;
        REFUSED(PLATTLI_ERR_FORKED, "fork", plattli_journal_append(shared, "a", 1));
        EXPECT(PLATTLI_ERR_FORKED, plattli_journal_flush(shared));
        EXPECT(PLATTLI_ERR_FORKED, plattli_journal_read(shared, &events));
        EXPECT(PLATTLI_ERR_FORKED, plattli_journal_read_from(shared, 0, &events));
        EXPECT(PLATTLI_ERR_FORKED, plattli_journal_compact(shared, NULL));
        EXPECT(PLATTLI_ERR_FORKED, plattli_journal_file_count(shared, &n));
        EXPECT(PLATTLI_ERR_FORKED, plattli_journal_pending(shared, &n));
        plattli_journal *own = open_journal(path("forked"), 1);
        append(own, "of the child");
        OK(plattli_journal_close(own));
        EXPECT(PLATTLI_ERR_FORKED, plattli_journal_close(shared));
        CHECK(n == 77 && events == NULL);
        _exit(0);
    }
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(files(shared) == 1 && pending(shared) == 1);
    OK(plattli_journal_close(shared));
}

int main(int argc, char **argv) {
    BEGIN(argc, argv);
    TEST(events_are_read_back_in_order);
    TEST(bad_events_are_refused);
    TEST(a_compaction_makes_one_object);
    TEST(a_journal_is_followed);
    TEST(close_stores_and_discard_says_what_it_did_not);
    TEST(options_take_what_they_should_and_refuse_the_rest);
    TEST(locations_are_paths_or_known_schemes);
    TEST(null_is_refused);
    TEST(threads_share_a_journal);
    TEST(a_forked_child_is_refused_and_stores_nothing);
    return 0;
}
