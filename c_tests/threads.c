/* One writer used by many threads. */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

enum { THREADS = 4, STEPS = 500 };

static plattli_writer *w;
static pthread_barrier_t barrier;

static void *writes_one_metric(void *argument) {
    char name[32];
    uint32_t id = 0;
    snprintf(name, sizeof name, "thread/%d", *(int *)argument);
    OK(plattli_writer_metric(w, name, PLATTLI_I64, &id));
    for (int step = 0; step < STEPS; ++step) {
        if (step % 2)
            OK(plattli_put_i64(w, id, step));
        else
            OK(plattli_write_i64(w, name, step));
        /* One of them ends the step for all. */
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) OK(plattli_end_step(w));
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static void threads_share_a_writer(void) {
    plattli_writer_options *o = plattli_writer_options_new();
    OK(plattli_writer_options_set_hotsize(o, 10));
    w = open_writer("shared", o);
    plattli_writer_options_free(o);
    pthread_t threads[THREADS];
    int numbers[THREADS];
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; ++i) {
        numbers[i] = i;
        CHECK(pthread_create(&threads[i], NULL, writes_one_metric, &numbers[i]) == 0);
    }
    for (int i = 0; i < THREADS; ++i) pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&barrier);
    plattli_writer_stats stats = stats_of(w);
    CHECK(stats.steps == STEPS && stats.rows == STEPS);
    OK(plattli_finish(w, NULL));
    OK(plattli_writer_close(w));
}

static void *ends_steps_at_will(void *unused) {
    (void)unused;
    for (int i = 0; i < STEPS; ++i) {
        uint32_t step = 0;
        plattli_write_f64(w, "x", i); /* may find that another thread has written this step's value */
        OK(plattli_writer_step(w, &step));
        plattli_end_step(w);
        if (i % 50 == 0) OK(plattli_sync(w));
        if (i % 10 == 0) OK(plattli_flush(w));
        stats_of(w);
    }
    return NULL;
}

static void calls_without_any_order_do_no_harm(void) {
    w = open_writer("unordered", NULL);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; ++i) CHECK(pthread_create(&threads[i], NULL, ends_steps_at_will, NULL) == 0);
    for (int i = 0; i < THREADS; ++i) pthread_join(threads[i], NULL);
    CHECK(stats_of(w).steps == THREADS * STEPS);
    OK(plattli_finish(w, NULL));
    OK(plattli_writer_close(w));
}

enum { METRICS = 10, MANY = 10000 };
static atomic_bool writing;

static void *comes_by(void *other) {
    uint64_t seen = 0;
    while (writing) {
        plattli_writer_stats stats = stats_of(w);
        CHECK(stats.steps >= seen && stats.steps <= MANY);
        seen = stats.steps;
        /* A value of its own, once a step at most: whether it is taken is a matter of when it comes. */
        if (other != NULL) plattli_write_i64(w, other, (int64_t)seen);
        struct timespec pause = {0, (long)(seen % 5) * 50000};
        nanosleep(&pause, NULL);
    }
    return NULL;
}

/* The thread that writes all the time goes through the lock in a way of its own, which whoever comes by ends. */
static void one_thread_writes_and_others_come_by(void) {
    char names[METRICS][16];
    uint32_t ids[METRICS];
    w = open_writer("visited", NULL);
    for (int m = 0; m < METRICS; ++m) {
        snprintf(names[m], sizeof names[m], "m%d", m);
        OK(plattli_writer_metric(w, names[m], PLATTLI_F64, &ids[m]));
    }
    writing = true;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; ++i) CHECK(pthread_create(&threads[i], NULL, comes_by, i == 0 ? "other" : NULL) == 0);
    for (int step = 0; step < MANY; ++step) {
        for (int m = 0; m < METRICS; ++m) {
            double value = step + m / 16.0;
            if (step % 3) OK(plattli_put_f64(w, ids[m], value));
            else OK(plattli_write_f64(w, names[m], value));
        }
        /* The others have the first words of a step now and then. */
        EXPECT(PLATTLI_ERR_STATE, plattli_put_f64(w, ids[step % METRICS], 1.0));
        EXPECT(PLATTLI_ERR_STATE, plattli_end_step(w));
    }
    writing = false;
    for (int i = 0; i < THREADS; ++i) pthread_join(threads[i], NULL);
    CHECK(stats_of(w).rows >= MANY);
    OK(plattli_finish(w, NULL));
    OK(plattli_writer_close(w));

    plattli_reader *r = NULL;
    OK(plattli_reader_open(path("visited"), NULL, &r));
    static uint32_t steps[MANY];
    static double values[MANY];
    for (int m = 0; m < METRICS; ++m) {
        size_t n = 0;
        OK(plattli_read_f64(r, names[m], NULL, steps, values, MANY, &n));
        CHECK(n == MANY);
        for (uint32_t i = 0; i < MANY; ++i) CHECK(steps[i] == i && values[i] == i + m / 16.0);
    }
    plattli_reader_close(r);
}

static void *fails_differently(void *unused) {
    (void)unused;
    CHECK(strcmp(plattli_last_error(), "") == 0);
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_writer_options_set_hotsize(NULL, 1));
    expect_text(__FILE__, __LINE__, "options is NULL");
    return NULL;
}

static void each_thread_has_its_own_last_error(void) {
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_end_step(NULL));
    const char *text = plattli_last_error();
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, fails_differently, NULL) == 0);
    pthread_join(thread, NULL);
    CHECK(strcmp(text, "writer is NULL") == 0);
}

static pthread_key_t key;

static void closes_late(void *writer) {
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_end_step(NULL));
    CHECK(plattli_last_error() != NULL);
    CHECK(plattli_last_error_copy(NULL, 0) == strlen(plattli_last_error()));
    OK(plattli_write_f64(writer, "x", 1.0));
    OK(plattli_writer_close(writer));
}

static void *leaves_a_writer_behind(void *unused) {
    (void)unused;
    EXPECT(PLATTLI_ERR_ARGUMENT, plattli_end_step(NULL)); /* its text is gone when the key is destroyed */
    CHECK(pthread_setspecific(key, open_writer("late", NULL)) == 0);
    return NULL;
}

/* As a `thread_local` object of C++ does. */
static void a_writer_may_be_closed_while_its_thread_ends(void) {
    CHECK(pthread_key_create(&key, closes_late) == 0);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, leaves_a_writer_behind, NULL) == 0);
    pthread_join(thread, NULL);
    pthread_key_delete(key);
    CHECK(exists(path("late/plattli/hot.jsonl")));
}

int main(int argc, char **argv) {
    BEGIN(argc, argv);
    TEST(threads_share_a_writer);
    TEST(calls_without_any_order_do_no_harm);
    TEST(one_thread_writes_and_others_come_by);
    TEST(each_thread_has_its_own_last_error);
    TEST(a_writer_may_be_closed_while_its_thread_ends);
    return 0;
}
