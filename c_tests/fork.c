/* A forked child can neither write nor harm the run of its parent. */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

static plattli_writer *w;
static uint32_t id;

static void every_call_in_the_child_is_refused(void) {
    uint32_t n = 77;
    const double value = 1.0;
    const float single = 1.0F;
    plattli_writer_stats stats = {.size = sizeof stats, .steps = 77};
    REFUSED(PLATTLI_ERR_FORKED, "fork", plattli_writer_metric(w, "y", PLATTLI_F64, &n));
    EXPECT(PLATTLI_ERR_FORKED, plattli_write_f32(w, "x", 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_write_f64(w, "x", 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_write_i8(w, "x", 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_write_i16(w, "x", 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_write_i32(w, "x", 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_write_i64(w, "x", 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_write_u8(w, "x", 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_write_u16(w, "x", 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_write_u32(w, "x", 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_write_u64(w, "x", 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_write_bool(w, "x", true));
    EXPECT(PLATTLI_ERR_FORKED, plattli_write_str(w, "x", "a", 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_write_json(w, "x", "1", 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_put_f32(w, id, 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_put_f64(w, id, 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_put_i8(w, id, 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_put_i16(w, id, 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_put_i32(w, id, 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_put_i64(w, id, 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_put_u8(w, id, 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_put_u16(w, id, 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_put_u32(w, id, 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_put_u64(w, id, 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_put_bool(w, id, true));
    EXPECT(PLATTLI_ERR_FORKED, plattli_put_str(w, id, "a", 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_put_json(w, id, "1", 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_put_row_f64(w, &id, &value, 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_put_row_f32(w, &id, &single, 1));
    EXPECT(PLATTLI_ERR_FORKED, plattli_writer_step(w, &n));
    EXPECT(PLATTLI_ERR_FORKED, plattli_writer_set_step(w, 100));
    EXPECT(PLATTLI_ERR_FORKED, plattli_end_step(w));
    EXPECT(PLATTLI_ERR_FORKED, plattli_flush(w));
    EXPECT(PLATTLI_ERR_FORKED, plattli_sync(w));
    EXPECT(PLATTLI_ERR_FORKED, plattli_writer_set_config(w, "{}", 2));
    EXPECT(PLATTLI_ERR_FORKED, plattli_writer_get_stats(w, &stats));
    plattli_string *string = NULL;
    EXPECT(PLATTLI_ERR_FORKED, plattli_writer_warnings(w, 0, &string));
    EXPECT(PLATTLI_ERR_FORKED, plattli_finish(w, NULL));
    CHECK(n == 77 && stats.steps == 77);
}

/* Runs a function in a forked child and wants it to succeed. */
static void in_a_child(void (*body)(void)) {
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        body();
        _exit(0);
    }
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void the_child_releases_without_writing(void) {
    every_call_in_the_child_is_refused();
    EXPECT(PLATTLI_ERR_FORKED, plattli_writer_close(w));
}

static void the_child_writes_a_run_of_its_own(void) {
    plattli_writer *own = open_writer("child", NULL);
    OK(plattli_write_f64(own, "x", 1.0));
    OK(plattli_end_step(own));
    OK(plattli_finish(own, NULL));
    OK(plattli_writer_close(own));
    EXPECT(PLATTLI_ERR_FORKED, plattli_writer_close(w));
}

static void the_lock_of_the_parent_holds_in_the_child(void) {
    plattli_writer *second = NULL;
    EXPECT(PLATTLI_ERR_BUSY, plattli_writer_open(path("parent"), NULL, &second));
    EXPECT(PLATTLI_ERR_FORKED, plattli_writer_close(w));
    /* Letting go of the inherited handle does not let go of the parent's lock. */
    EXPECT(PLATTLI_ERR_BUSY, plattli_writer_open(path("parent"), NULL, &second));
}

static atomic_bool stop;

static void *keeps_writing(void *unused) {
    (void)unused;
    while (!atomic_load(&stop)) {
        OK(plattli_write_f64(w, "y", 1.0));
        OK(plattli_write_str(w, "text", "some text that takes memory", 27));
        OK(plattli_end_step(w));
    }
    return NULL;
}

/* What the other thread was in the middle of will never be finished in the child. */
static void forks_in_the_middle_of_calls_do_no_harm(void) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, keeps_writing, NULL) == 0);
    const int forks = getenv("UNDER_VALGRIND") != NULL ? 10 : 200;
    for (int i = 0; i < forks; ++i) in_a_child(the_child_releases_without_writing);
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
}

int main(int argc, char **argv) {
    BEGIN(argc, argv);
    plattli_writer_options *o = plattli_writer_options_new();
    OK(plattli_writer_options_set_hotsize(o, 5));
    w = open_writer("parent", o);
    plattli_writer_options_free(o);
    OK(plattli_writer_metric(w, "x", PLATTLI_F64, &id));
    for (uint32_t step = 0; step < 60; ++step) {
        OK(plattli_put_f64(w, id, step));
        /* In the middle of a step, with a compaction perhaps running in the other thread. */
        if (step == 23) in_a_child(the_child_releases_without_writing);
        if (step == 24) in_a_child(every_call_in_the_child_is_refused);
        if (step == 25) in_a_child(the_child_writes_a_run_of_its_own);
        if (step == 26) in_a_child(the_lock_of_the_parent_holds_in_the_child);
        OK(plattli_end_step(w));
    }
    plattli_writer_stats stats = stats_of(w);
    CHECK(stats.rows == 60 && stats.warnings == 0);
    forks_in_the_middle_of_calls_do_no_harm();
    OK(plattli_finish(w, NULL));
    OK(plattli_writer_close(w));
    CHECK(exists(path("child/metrics.plattli")));
    return 0;
}
