/* Heat in an insulated plate on many ranks: explicit Euler, bands of rows, one run of metrics for all of them.
 *
 *   make lib && mpicc -O2 -Iinclude examples/heat_mpi.c -o heat_mpi build/lib/libplattli.a -lpthread -ldl -lm -lgcc_s && mpirun -n 4 ./heat_mpi heat-mpi-run 5000
 *
 * Kill any rank and start it again, with as many ranks as you like: it continues from its last checkpoint, and the metrics
 * continue from exactly that step. SIGTERM makes all ranks save and stop at the same step; so does the end of a Slurm job.
 */
#define _POSIX_C_SOURCE 200809L
#include <plattli_mpi.h>

enum { N = 256, CHECKPOINT_EVERY = 500 };
static const double DIFFUSIVITY = 1.0, DT = 3e-6, SECONDS_TO_SAVE = 60;

/* Rows of one rank, with one more above and below. */
typedef struct band {
    int rank, ranks, first, rows;
    double *u, *next;
} band;

static void make_band(band *b) {
    MPI_Comm_rank(MPI_COMM_WORLD, &b->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &b->ranks);
    b->first = N * b->rank / b->ranks;
    b->rows = N * (b->rank + 1) / b->ranks - b->first;
    b->u = calloc((size_t)(b->rows + 2) * N, sizeof *b->u);
    b->next = calloc((size_t)(b->rows + 2) * N, sizeof *b->next);
    for (int j = 0; j < b->rows; ++j)
        for (int i = 0; i < N; ++i) {
            double x = (i + 0.5) / N - 0.3, y = (b->first + j + 0.5) / N - 0.4;
            b->u[(j + 1) * N + i] = x * x + y * y < 0.04 ? 100.0 : 20.0;
        }
}

/* Borders come from the neighbours; walls let no heat through. */
static void exchange(band *b) {
    int above = b->rank > 0 ? b->rank - 1 : MPI_PROC_NULL, below = b->rank < b->ranks - 1 ? b->rank + 1 : MPI_PROC_NULL;
    double *top = b->u, *bottom = b->u + (b->rows + 1) * N;
    memcpy(top, top + N, N * sizeof *top);
    memcpy(bottom, bottom - N, N * sizeof *bottom);
    MPI_Sendrecv(top + N, N, MPI_DOUBLE, above, 0, bottom, N, MPI_DOUBLE, below, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Sendrecv(bottom - N, N, MPI_DOUBLE, below, 1, top, N, MPI_DOUBLE, above, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

static void advance(band *b) {
    const double k = DT * DIFFUSIVITY * N * N;
    exchange(b);
    for (int j = 1; j <= b->rows; ++j)
        for (int i = 0; i < N; ++i) {
            const double *u = b->u + j * N + i;
            double flow = u[-N] + u[N] - 2 * u[0];
            if (i > 0) flow += u[-1] - u[0];
            if (i < N - 1) flow += u[1] - u[0];
            b->next[j * N + i] = u[0] + k * flow;
        }
    double *old = b->u;
    b->u = b->next;
    b->next = old;
}

/* What this rank has to tell; the library brings the ranks together. */
static int32_t record(plattli_mpi_writer *run, const band *b, double seconds) {
    double total = 0, least = INFINITY, most = -INFINITY;
    for (int c = N; c < (b->rows + 1) * N; ++c) {
        total += b->u[c];
        least = fmin(least, b->u[c]);
        most = fmax(most, b->u[c]);
    }
    plattli_mpi_write_f64(run, "heat/total", total / N / N, PLATTLI_MPI_SUM);
    plattli_mpi_write_f64(run, "heat/min", least, PLATTLI_MPI_MIN);
    plattli_mpi_write_f64(run, "heat/max", most, PLATTLI_MPI_MAX);
    plattli_mpi_write_f64(run, "seconds/mean", seconds, PLATTLI_MPI_MEAN);
    plattli_mpi_write_f64(run, "seconds/max", seconds, PLATTLI_MPI_MAX); /* the slowest rank */
    return plattli_mpi_end_step(run);
}

/* The restart file is replaced as a whole: a kill at any instant leaves the old one or the new one. */
static void checkpoint(const band *b, uint32_t step, const char *path) {
    char tmp[4096];
    MPI_File file;
    double header = step;
    MPI_Offset at = (MPI_Offset)sizeof header * (1 + (MPI_Offset)b->first * N);
    snprintf(tmp, sizeof tmp, "%s.tmp", path);
    MPI_File_open(MPI_COMM_WORLD, tmp, MPI_MODE_CREATE | MPI_MODE_WRONLY, MPI_INFO_NULL, &file);
    if (b->rank == 0) MPI_File_write_at(file, 0, &header, 1, MPI_DOUBLE, MPI_STATUS_IGNORE);
    MPI_File_write_at_all(file, at, b->u + N, b->rows * N, MPI_DOUBLE, MPI_STATUS_IGNORE);
    MPI_File_sync(file);
    MPI_File_close(&file);
    if (b->rank == 0 && rename(tmp, path) != 0) fprintf(stderr, "heat_mpi: cannot save %s\n", path);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* The step to continue at; 0 if there is no restart file. */
static uint32_t restart(band *b, const char *path) {
    MPI_File file;
    double header = 0;
    if (MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_RDONLY, MPI_INFO_NULL, &file) != MPI_SUCCESS) return 0;
    MPI_File_read_at_all(file, 0, &header, 1, MPI_DOUBLE, MPI_STATUS_IGNORE);
    MPI_Offset at = (MPI_Offset)sizeof header * (1 + (MPI_Offset)b->first * N);
    MPI_File_read_at_all(file, at, b->u + N, b->rows * N, MPI_DOUBLE, MPI_STATUS_IGNORE);
    MPI_File_close(&file);
    return (uint32_t)header;
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    if (argc < 2) {
        fprintf(stderr, "usage: heat_mpi RUNDIR [steps]\n");
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
    uint32_t steps = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 5000;
    char path[4000];
    snprintf(path, sizeof path, "%s/heat.restart", argv[1]);
    signal(SIGTERM, plattli_mpi_on_signal);

    band b;
    make_band(&b);
    uint32_t step = restart(&b, path);
    plattli_mpi_writer *run = NULL;
    plattli_writer_options *options = plattli_writer_options_new();
    plattli_writer_options_set_step(options, step); /* whatever was recorded at or beyond it will be computed again */
    if (plattli_mpi_open(MPI_COMM_WORLD, argv[1], options, &run) != PLATTLI_OK) {
        if (b.rank == 0) fprintf(stderr, "heat_mpi: %s\n", plattli_mpi_last_error(NULL));
        MPI_Finalize();
        return 1;
    }
    plattli_writer_options_free(options);
    if (b.rank == 0 && step > 0) printf("heat_mpi: continues at step %u, restart %u\n", (unsigned)step, (unsigned)plattli_mpi_restarts(run));

    bool stopped = false;
    while (step < steps && !stopped) {
        double began = MPI_Wtime();
        advance(&b);
        if (record(run, &b, MPI_Wtime() - began) != PLATTLI_OK && b.rank == 0)
            fprintf(stderr, "heat_mpi: metrics of step %u: %s\n", (unsigned)step, plattli_mpi_last_error(run));
        ++step;
        /* All ranks see these alike, so all stop at this step. */
        stopped = plattli_mpi_stop(run) || plattli_mpi_seconds_left(run) < SECONDS_TO_SAVE;
        if (step % CHECKPOINT_EVERY == 0 || stopped) checkpoint(&b, step, path);
    }
    int32_t status = step < steps ? PLATTLI_OK : plattli_mpi_finish(run, NULL);
    if (status != PLATTLI_OK) fprintf(stderr, "heat_mpi: %s\n", plattli_mpi_last_error(run));
    plattli_mpi_close(run);
    if (b.rank == 0) printf("heat_mpi: %u steps, %s\n", (unsigned)step, step < steps ? "stopped; start it again" : "finished");
    free(b.u);
    free(b.next);
    MPI_Finalize();
    return status != PLATTLI_OK;
}
