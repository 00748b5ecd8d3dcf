/* What the shapes of run.py do not show: several threads, many writers, texts, many metrics, long runs.
 *
 *   many threads DIR THREADS      8 metrics a thread through one handle, one of the threads ends the steps
 *   many writers DIR WRITERS      so many runs open at once, a step of 10 metrics in each in turn
 *   many text DIR                 100 metrics of short text a step
 *   many json DIR                 100 metrics of a small JSON object a step
 *   many sweep DIR METRICS STEPS  steps of so many doubles
 *
 * Prints nanoseconds per value, KiB added and the number of threads, as one line of JSON.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <plattli.h>

enum { MOST = 100000 };

static void die(const char *what) {
    fprintf(stderr, "many: %s: %s\n", what, plattli_last_error());
    exit(1);
}

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static long status(const char *key) {
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long value = -1;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0) value = atol(line + strlen(key) + 1);
    if (file != NULL) fclose(file);
    return value;
}

static plattli_writer *open_run(const char *dir) {
    plattli_writer *run = NULL;
    if (plattli_writer_open(dir, NULL, &run) != PLATTLI_OK) die("open");
    return run;
}

static uint32_t metric(plattli_writer *run, const char *prefix, int i, int32_t dtype) {
    char name[64];
    uint32_t id = 0;
    snprintf(name, sizeof name, "%s%d", prefix, i);
    if (plattli_writer_metric(run, name, dtype, &id) != PLATTLI_OK) die("metric");
    return id;
}

static void told(const char *what, double ns, uint64_t values, long before) {
    printf("{\"what\": \"%s\", \"ns_per_value\": %.2f, \"kib\": %ld, \"threads\": %ld}\n", what, ns / (double)values, status("VmHWM:") - before, status("Threads:"));
}

struct share {
    plattli_writer *run;
    pthread_barrier_t *turn;
    int number, steps;
};

static void *write_share(void *at) {
    struct share *share = at;
    uint32_t ids[8];
    char prefix[32];
    snprintf(prefix, sizeof prefix, "t%d/m", share->number);
    for (int m = 0; m < 8; ++m) ids[m] = metric(share->run, prefix, m, PLATTLI_F64);
    for (int step = 0; step < share->steps; ++step) {
        for (int m = 0; m < 8; ++m)
            if (plattli_put_f64(share->run, ids[m], step + m / 7.0) != PLATTLI_OK) die("put");
        pthread_barrier_wait(share->turn);
        if (share->number == 0 && plattli_end_step(share->run) != PLATTLI_OK) die("end_step");
        pthread_barrier_wait(share->turn);
    }
    return NULL;
}

static void threads(const char *dir, int n, int steps) {
    static struct share shares[256];
    pthread_t started[256];
    pthread_barrier_t turn;
    if (n < 1 || n > 256) exit(2);
    long before = status("VmRSS:");
    plattli_writer *run = open_run(dir);
    pthread_barrier_init(&turn, NULL, (unsigned)n);
    uint64_t began = now();
    for (int i = 0; i < n; ++i) {
        shares[i] = (struct share){run, &turn, i, steps};
        pthread_create(&started[i], NULL, write_share, &shares[i]);
    }
    for (int i = 0; i < n; ++i) pthread_join(started[i], NULL);
    told("threads", (double)(now() - began), (uint64_t)n * 8 * (uint64_t)steps, before);
    plattli_writer_close(run);
}

static void writers(const char *dir, int n, int steps) {
    plattli_writer **runs = calloc((size_t)n, sizeof *runs);
    uint32_t ids[10] = {0};
    char path[4096];
    long before = status("VmRSS:");
    for (int i = 0; i < n; ++i) {
        snprintf(path, sizeof path, "%s/%d", dir, i);
        runs[i] = open_run(path);
        for (int m = 0; m < 10; ++m) ids[m] = metric(runs[i], "m", m, PLATTLI_F64);
    }
    uint64_t spent = 0;
    for (int step = 0; step < steps; ++step) {
        uint64_t began = now();
        for (int i = 0; i < n; ++i) {
            for (int m = 0; m < 10; ++m) plattli_put_f64(runs[i], ids[m], step * 0.37 + m);
            if (plattli_end_step(runs[i]) != PLATTLI_OK) die("end_step");
        }
        if (step > 0) spent += now() - began;
    }
    told("writers", (double)spent, (uint64_t)n * 10 * (uint64_t)(steps - 1), before);
    for (int i = 0; i < n; ++i) plattli_writer_close(runs[i]);
    free(runs);
}

static void texts(const char *dir, int object, int steps) {
    static uint32_t ids[100];
    char text[128];
    long before = status("VmRSS:");
    plattli_writer *run = open_run(dir);
    for (int m = 0; m < 100; ++m) ids[m] = metric(run, "m", m, PLATTLI_JSON);
    uint64_t spent = 0;
    for (int step = 0; step < steps; ++step) {
        int len = snprintf(text, sizeof text, object ? "{\"state\":\"running\",\"load\":%d}" : "state %d of the solver", step);
        uint64_t began = now();
        for (int m = 0; m < 100; ++m) {
            if (object) plattli_put_json(run, ids[m], text, (size_t)len);
            else plattli_put_str(run, ids[m], text, (size_t)len);
        }
        if (plattli_end_step(run) != PLATTLI_OK) die("end_step");
        if (step > 0) spent += now() - began;
    }
    told(object ? "json" : "text", (double)spent, 100u * (uint64_t)(steps - 1), before);
    plattli_writer_close(run);
}

static void sweep(const char *dir, int metrics, int steps) {
    if (metrics < 1 || metrics > MOST) exit(2);
    uint32_t *ids = calloc((size_t)metrics, sizeof *ids);
    long before = status("VmRSS:");
    plattli_writer *run = open_run(dir);
    for (int m = 0; m < metrics; ++m) ids[m] = metric(run, "m", m, PLATTLI_F64);
    uint64_t spent = 0;
    for (int step = 0; step < steps; ++step) {
        uint64_t began = now();
        for (int m = 0; m < metrics; ++m) plattli_put_f64(run, ids[m], step * 0.37 + m);
        if (plattli_end_step(run) != PLATTLI_OK) die("end_step");
        if (step > 0) spent += now() - began;
    }
    told("sweep", (double)spent, (uint64_t)metrics * (uint64_t)(steps > 1 ? steps - 1 : 1), before);
    plattli_writer_close(run);
    free(ids);
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    int n = argc > 3 ? atoi(argv[3]) : 1;
    if (strcmp(argv[1], "threads") == 0) threads(argv[2], n, 2000);
    else if (strcmp(argv[1], "writers") == 0) writers(argv[2], n, 2000);
    else if (strcmp(argv[1], "text") == 0) texts(argv[2], 0, 5000);
    else if (strcmp(argv[1], "json") == 0) texts(argv[2], 1, 5000);
    else if (strcmp(argv[1], "sweep") == 0 && argc > 4) sweep(argv[2], n, atoi(argv[4]));
    else return 2;
    return 0;
}
