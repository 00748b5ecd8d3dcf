/* What a solver loses that shares one processor with the background thread: 100 metrics a step of about 1 ms.
 *
 *     build/pinned [ROUNDS] [FOLDER]
 *
 * The whole process is bound to one processor. Rounds of steps without and with a writer take turns; each round computes
 * the same. Printed are, as one line of JSON, the median and the quartiles of the ratios of neighbouring rounds, so that
 * what else the machine does cancels out. */
#define _GNU_SOURCE
#include <math.h>
#include <plattli.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { METRICS = 100, STEPS = 250 };

/* The time of the processor that all threads have used: on one processor that is what the solver waits for. */
static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A step of a solver: work that neither memory nor the kernel has a part in. */
static double compute(double x, long work) {
    for (long i = 0; i < work; ++i) x = x * 0.999999 + 1e-6 * (double)(i & 7);
    return x;
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void must(int32_t status) {
    if (status == PLATTLI_OK) return;
    fprintf(stderr, "pinned: %s\n", plattli_last_error());
    exit(1);
}

int main(int argc, char **argv) {
    const int rounds = argc > 1 ? atoi(argv[1]) : 20;
    double ratios[1000], values[METRICS], x = 1.0;
    if (rounds < 1 || rounds > 1000) return 2;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(sched_getcpu(), &set);
    if (sched_setaffinity(0, sizeof set, &set)) {
        perror("pinned: cannot bind the process to one processor");
        return 1;
    }
    long work = 100000;
    for (double took = 0; took < 1e-3; work += work / 8) {
        const double began = seconds();
        x = compute(x, work);
        took = seconds() - began;
    }

    char dir[4096], command[4200];
    snprintf(dir, sizeof dir, "%s/plattli-pinned-XXXXXX", argc > 2 ? argv[2] : "/tmp");
    if (!mkdtemp(dir)) {
        perror("pinned: cannot make a folder");
        return 1;
    }
    plattli_writer *run = NULL;
    uint32_t ids[METRICS];
    must(plattli_writer_open(dir, NULL, &run));
    for (int i = 0; i < METRICS; ++i) {
        char name[32];
        snprintf(name, sizeof name, "probe%03d", i);
        must(plattli_writer_metric(run, name, PLATTLI_F64, &ids[i]));
    }
    for (int round = -1; round < rounds; ++round) {
        double took[2];
        for (int writes = 0; writes < 2; ++writes) {
            const double began = seconds();
            for (int step = 0; step < STEPS; ++step) {
                x = compute(x, work);
                for (int i = 0; i < METRICS; ++i) values[i] = x + sin(step * 0.1 + i);
                if (!writes) continue;
                for (int i = 0; i < METRICS; ++i) must(plattli_put_f64(run, ids[i], values[i]));
                must(plattli_end_step(run));
            }
            took[writes] = seconds() - began;
        }
        if (round >= 0) ratios[round] = took[1] / took[0];
    }
    must(plattli_finish(run, NULL));
    must(plattli_writer_close(run));
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    if (system(command)) return 1;
    qsort(ratios, (size_t)rounds, sizeof *ratios, ascending);
    printf("{\"metrics\": %d, \"rounds\": %d, \"percent\": %.3f, \"lower\": %.3f, \"upper\": %.3f}\n", METRICS, rounds,
           100 * (ratios[rounds / 2] - 1), 100 * (ratios[rounds / 4] - 1), 100 * (ratios[rounds * 3 / 4] - 1));
    return x + values[METRICS - 1] == 42.0; /* the work is not to be left out */
}
