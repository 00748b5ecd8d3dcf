/* Rounds of metrics written by id, timed; see run.py. */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <plattli.h>

enum { METRICS = 100, STEPS = 500 };

static uint64_t dice = 88172645463325252u;
static double values[METRICS];
static uint32_t ids[METRICS];

static void walk(void) {
    for (int m = 0; m < METRICS; ++m) {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        values[m] += (double)(dice >> 11) * 0x1p-53 - 0.5;
    }
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

int main(int argc, char **argv) {
    plattli_writer *run = NULL;
    plattli_writer_options *options = plattli_writer_options_new();
    plattli_writer_options_set_hotsize(options, 1000000000); /* no compaction: it is the same from every language */
    if (argc < 2 || plattli_writer_open(argv[1], options, &run) != PLATTLI_OK) return 1;
    plattli_writer_options_free(options);
    for (int m = 0; m < METRICS; ++m) {
        char name[32];
        snprintf(name, sizeof name, "metric/%d", m);
        if (plattli_writer_metric(run, name, PLATTLI_F64, &ids[m]) != PLATTLI_OK) return 1;
    }
    for (char line[16]; fgets(line, sizeof line, stdin) != NULL;) {
        double written = 0, ended = 0;
        for (int step = 0; step < STEPS; ++step) {
            walk();
            double t0 = now();
            for (int m = 0; m < METRICS; ++m) plattli_put_f64(run, ids[m], values[m]);
            double t1 = now();
            if (plattli_end_step(run) != PLATTLI_OK) return 1;
            written += t1 - t0;
            ended += now() - t1;
        }
        printf("%.3f %.3f\n", written / METRICS / STEPS, ended / METRICS / STEPS);
        fflush(stdout);
    }
    return plattli_writer_close(run);
}
