/* Heat in an insulated square plate: implicit Euler in time, conjugate gradients in space, metrics by plattli.
 *
 *   make && cc -O2 -Iinclude examples/heat.c -o heat build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s && ./heat heat-run 2000
 *
 * Kill it whenever you like and start it again: it continues from its last checkpoint (RUNDIR/heat.restart), and the
 * metrics continue from exactly that step. Read them while it runs, or after it ended, with examples/show.c.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <plattli.h>

enum { N = 128, CELLS = N * N, CHECKPOINT_EVERY = 100, MAX_ITERATIONS = 500 };

static const double WIDTH = 1.0, DIFFUSIVITY = 1.0, TOLERANCE = 1e-8, DT_FIRST = 1e-5, DT_LAST = 2e-4;

/* Everything a restart needs. */
typedef struct state {
    uint32_t step; /* the next step to compute */
    double time, dt, wall;
    double u[CELLS];
} state;

/* What one step has to tell. */
typedef struct step_report {
    int iterations;
    double solver_residual; /* relative, of the linear system */
    double residual;        /* rate of change of the temperature: 0 in the steady state */
} step_report;

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* -- the physics ------------------------------------------------------------------------------------------------ */

static void initial(state *s) {
    memset(s, 0, sizeof *s);
    s->dt = DT_FIRST;
    for (int j = 0; j < N; ++j)
        for (int i = 0; i < N; ++i) {
            double x = (i + 0.5) / N - 0.3, y = (j + 0.5) / N - 0.4;
            s->u[j * N + i] = x * x + y * y < 0.04 ? 100.0 : 20.0;
        }
}

/* out = (1 - dt D laplacian) u, no heat flowing through the walls */
static void apply(const double *u, double k, double *out) {
    for (int j = 0; j < N; ++j)
        for (int i = 0; i < N; ++i) {
            int c = j * N + i;
            double flow = 0;
            if (i > 0) flow += u[c - 1] - u[c];
            if (i < N - 1) flow += u[c + 1] - u[c];
            if (j > 0) flow += u[c - N] - u[c];
            if (j < N - 1) flow += u[c + N] - u[c];
            out[c] = u[c] - k * flow;
        }
}

static double dot(const double *a, const double *b) {
    double sum = 0;
    for (int c = 0; c < CELLS; ++c) sum += a[c] * b[c];
    return sum;
}

/* One implicit step: solves for the new temperatures by conjugate gradients. */
static step_report advance(state *s) {
    static double old[CELLS], r[CELLS], p[CELLS], q[CELLS];
    double h = WIDTH / N, k = s->dt * DIFFUSIVITY / (h * h);
    memcpy(old, s->u, sizeof old);
    apply(s->u, k, q);
    for (int c = 0; c < CELLS; ++c) p[c] = r[c] = old[c] - q[c];
    double rr = dot(r, r), goal = TOLERANCE * TOLERANCE * dot(old, old);
    step_report report = {0};
    while (rr > goal && report.iterations < MAX_ITERATIONS) {
        apply(p, k, q);
        double alpha = rr / dot(p, q), before = rr;
        for (int c = 0; c < CELLS; ++c) {
            s->u[c] += alpha * p[c];
            r[c] -= alpha * q[c];
        }
        rr = dot(r, r);
        for (int c = 0; c < CELLS; ++c) p[c] = r[c] + rr / before * p[c];
        ++report.iterations;
    }
    double change = 0;
    for (int c = 0; c < CELLS; ++c) change += (s->u[c] - old[c]) * (s->u[c] - old[c]);
    report.solver_residual = sqrt(rr / dot(old, old));
    report.residual = sqrt(change / CELLS) / s->dt;
    s->time += s->dt;
    s->dt = fmin(1.005 * s->dt, DT_LAST); /* the field smooths out, the step may grow */
    ++s->step;
    return report;
}

/* -- the restart file --------------------------------------------------------------------------------------------- */

/* Replaces the restart file as a whole: a kill at any instant leaves the old one or the new one. */
static int save(const state *s, const char *path) {
    char tmp[4096];
    snprintf(tmp, sizeof tmp, "%s.tmp", path);
    FILE *f = fopen(tmp, "wb");
    if (f == NULL) return -1;
    int bad = fwrite(s, sizeof *s, 1, f) != 1 || fflush(f) != 0 || fsync(fileno(f)) != 0;
    bad |= fclose(f) != 0;
    return bad || rename(tmp, path) != 0 ? -1 : 0;
}

static int load(state *s, const char *path) {
    FILE *f = fopen(path, "rb");
    if (f == NULL) return -1;
    int bad = fread(s, sizeof *s, 1, f) != 1;
    fclose(f);
    return bad ? -1 : 0;
}

/* -- the metrics --------------------------------------------------------------------------------------------------- */

/* Metrics of one step. A code may leave the status of each write alone: end_step returns the first error again. */
static int32_t record(plattli_writer *run, const state *s, const step_report *report, double wall, int checkpoint) {
    double total = 0, lowest = s->u[0], highest = s->u[0];
    for (int c = 0; c < CELLS; ++c) {
        total += s->u[c];
        lowest = fmin(lowest, s->u[c]);
        highest = fmax(highest, s->u[c]);
    }
    plattli_write_f64(run, "residual", report->residual);
    plattli_write_f64(run, "heat/total", total * WIDTH * WIDTH / CELLS);
    plattli_write_f64(run, "heat/min", lowest);
    plattli_write_f64(run, "heat/max", highest);
    plattli_write_i32(run, "solver/iterations", report->iterations);
    plattli_write_f64(run, "solver/residual", report->solver_residual);
    plattli_write_f64(run, "time", s->time);
    plattli_write_f64(run, "dt", s->dt);
    plattli_write_f64(run, "wall", wall);
    if (checkpoint) {
        char note[64];
        int len = snprintf(note, sizeof note, "checkpoint at t = %.6f", s->time);
        plattli_write_str(run, "note", note, (size_t)len);
    }
    return plattli_end_step(run);
}

static plattli_writer *open_run(const char *dir, uint32_t step) {
    char config[256];
    int len = snprintf(config, sizeof config, "{\"case\": \"insulated plate\", \"cells\": [%d, %d], \"diffusivity\": %g, \"tolerance\": %g}", N, N,
                       DIFFUSIVITY, TOLERANCE);
    plattli_writer *run = NULL;
    plattli_writer_options *options = plattli_writer_options_new();
    plattli_writer_options_set_step(options, step); /* whatever was recorded at or beyond it will be computed again */
    plattli_writer_options_set_config_json(options, config, (size_t)len);
    if (plattli_writer_open(dir, options, &run) != PLATTLI_OK) fprintf(stderr, "heat: %s\n", plattli_last_error());
    plattli_writer_options_free(options);
    return run;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: heat RUNDIR [steps]\n");
        return 2;
    }
    uint32_t steps = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 2000;
    char restart[4000];
    snprintf(restart, sizeof restart, "%s/heat.restart", argv[1]);
    static state s;
    if (load(&s, restart) == 0) printf("heat: continues at step %u\n", (unsigned)s.step);
    else initial(&s);
    plattli_writer *run = open_run(argv[1], s.step);
    if (run == NULL) return 1;
    double began = seconds() - s.wall;
    while (s.step < steps) {
        step_report report = advance(&s);
        int checkpoint = s.step % CHECKPOINT_EVERY == 0;
        s.wall = seconds() - began;
        if (record(run, &s, &report, s.wall, checkpoint) != PLATTLI_OK)
            fprintf(stderr, "heat: metrics of step %u: %s\n", (unsigned)s.step - 1, plattli_last_error());
        if (checkpoint && save(&s, restart) != 0) fprintf(stderr, "heat: cannot save %s\n", restart);
    }
    int32_t status = plattli_finish(run, NULL);
    if (status != PLATTLI_OK) fprintf(stderr, "heat: %s\n", plattli_last_error());
    plattli_writer_close(run);
    if (status == PLATTLI_OK) printf("heat: %u steps, finished\n", (unsigned)s.step);
    return status == PLATTLI_OK ? 0 : 1;
}
