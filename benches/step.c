/* The cost of a step: 8 metrics of doubles, by id, by name and as a row, beside the same rows written by a bare loop of
 * snprintf and write(2). Rounds are interleaved, so that whatever else the machine does falls on all of them alike;
 * only the ratios mean anything beyond this machine.
 *
 *   build/step [steps per round] [rounds] [folder]
 *
 * The last line says the same as JSON.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <plattli.h>

enum { METRICS = 8, WAYS = 4, MAX_ROUNDS = 1000 };

static const char *const NAMES[METRICS] = {"residual", "heat/total", "heat/min", "heat/max", "solver/iterations", "solver/residual", "dt", "wall"};
static const char *const WAY_NAMES[WAYS] = {"snprintf + write(2)", "plattli, by id", "plattli, a row by id", "plattli, by name"};

static double values[METRICS];
static uint64_t dice = 88172645463325252u;

static double uniform(void) {
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (double)(dice >> 11) * 0x1p-53;
}

static void walk(void) {
    for (int m = 0; m < METRICS; ++m) values[m] += uniform() - 0.5;
}

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *what) {
    fprintf(stderr, "step: %s: %s\n", what, plattli_last_error());
    exit(1);
}

static void bare_step(int fd, uint32_t step) {
    char line[1024];
    int len = snprintf(line, sizeof line, "{\"step\":%u", (unsigned)step);
    for (int m = 0; m < METRICS; ++m) len += snprintf(line + len, sizeof line - (size_t)len, ",\"%s\":%.17g", NAMES[m], values[m]);
    len += snprintf(line + len, sizeof line - (size_t)len, "}\n");
    if (write(fd, line, (size_t)len) != len) die("write");
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *of, int n) {
    qsort(of, (size_t)n, sizeof *of, by_value);
    return n % 2 ? of[n / 2] : (of[n / 2 - 1] + of[n / 2]) / 2;
}

int main(int argc, char **argv) {
    uint32_t steps = argc > 1 ? (uint32_t)atoi(argv[1]) : 20000;
    int rounds = argc > 2 ? atoi(argv[2]) : 15;
    const char *folder = argc > 3 ? argv[3] : "build/bench";
    if (rounds < 1 || rounds > MAX_ROUNDS) rounds = 15;
    char path[4096], command[4200];
    snprintf(command, sizeof command, "rm -rf '%s' && mkdir -p '%s'", folder, folder);
    if (system(command) != 0) return 1;

    snprintf(path, sizeof path, "%s/bare.jsonl", folder);
    int bare = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    plattli_writer *runs[WAYS] = {NULL};
    uint32_t ids[WAYS][METRICS];
    for (int way = 1; way < WAYS; ++way) {
        snprintf(path, sizeof path, "%s/run%d", folder, way);
        if (plattli_writer_open(path, NULL, &runs[way]) != PLATTLI_OK) die("open");
        for (int m = 0; m < METRICS; ++m)
            if (plattli_writer_metric(runs[way], NAMES[m], PLATTLI_F64, &ids[way][m]) != PLATTLI_OK) die("metric");
    }

    static double cost[WAYS][MAX_ROUNDS], ratio[WAYS][MAX_ROUNDS];
    for (int round = -1; round < rounds; ++round) { /* the first round warms up */
        for (int turn = 0; turn < WAYS; ++turn) {
            int way = (turn + round + WAYS) % WAYS;
            uint64_t began = now();
            for (uint32_t step = 0; step < steps; ++step) {
                walk();
                if (way == 0) {
                    bare_step(bare, (uint32_t)(round + 1) * steps + step);
                    continue;
                }
                if (way == 1)
                    for (int m = 0; m < METRICS; ++m) plattli_put_f64(runs[way], ids[way][m], values[m]);
                else if (way == 2)
                    plattli_put_row_f64(runs[way], ids[way], values, METRICS);
                else
                    for (int m = 0; m < METRICS; ++m) plattli_write_f64(runs[way], NAMES[m], values[m]);
                if (plattli_end_step(runs[way]) != PLATTLI_OK) die("end_step");
            }
            if (round >= 0) cost[way][round] = (double)(now() - began) / steps / 1000.0;
        }
        for (int way = 0; round >= 0 && way < WAYS; ++way) ratio[way][round] = cost[way][round] / cost[0][round];
    }
    printf("%d metrics of f64 a step, %u steps a round, %d rounds\n\n", METRICS, (unsigned)steps, rounds);
    printf("%-22s %14s %14s %10s\n", "", "median us/step", "best us/step", "ratio");
    for (int way = 0; way < WAYS; ++way) {
        double middle = median(cost[way], rounds);
        printf("%-22s %14.3f %14.3f %10.2f\n", WAY_NAMES[way], middle, cost[way][0], median(ratio[way], rounds));
    }
    for (int way = 0; way < WAYS; ++way)
        printf("%s\"%s\": {\"us\": %.4f, \"ratio\": %.4f}", way ? ", " : "{", WAY_NAMES[way], median(cost[way], rounds), median(ratio[way], rounds));
    printf("}\n");
    for (int way = 1; way < WAYS; ++way) plattli_writer_close(runs[way]);
    close(bare);
    return 0;
}
